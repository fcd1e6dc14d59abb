/** How the passwords of a file of users are hashed. */
import { type AddCommand, attempt, refuseFlags } from './command.ts';

export const hashPassword: AddCommand = ({ program, flags }) => {
  program
    .command('hash-password')
    .description(
      'prints the hash of a password, as a file of users has it; reads it from standard input, or asks for it',
    )
    .action(() => {
      refuseFlags(program, flags);
      return attempt(async () => (await import('../commands/hash-password.ts')).printHash());
    });
};
