/** How the completion of commands in a shell is asked for. */
import { Argument } from 'commander';
import { type AddCommand, attempt, refuseFlags } from './command.ts';

export const completion: AddCommand = ({ program, flags }) => {
  program
    .command('completion')
    .description('prints the completion of commands for a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nFor example: source <(postern completion bash), in ~/.bashrc.')
    .action((shell: 'bash' | 'zsh' | 'fish') => {
      refuseFlags(program, flags);
      return attempt(async () => (await import('../commands/completion.ts')).completion(shell, program));
    });
};
