/** How microgateways are made: a project, its APIs, the artifact. The options are those of the original's toolkit. */
import type { Command } from 'commander';
import type { BuildArguments } from '../commands/build.ts';
import type { InitArguments } from '../commands/init.ts';
import type { PullArguments } from '../commands/pull.ts';
import { type AddCommand, attempt, type CommandContext, refuseFlags } from './command.ts';

export const init: AddCommand = (context) => {
  toolkit(context, 'init', 'makes a project for a microgateway')
    .option('-a, --api-definition <file or URL>', 'OpenAPI definition to begin with')
    .option('--headers <names>', 'header fields for the request to that URL, separated by commas')
    .option('--values <values>', 'their values, in the same order')
    .option('-k, --insecure', 'believe any certificate of that URL')
    .option('-f, --force', 'take the place of a project that is there')
    .option('-d, --deployment-config <file>', 'deployment configuration for the project')
    .action((project: string, given: Omit<InitArguments, 'project'>) => {
      refuseFlags(context.program, context.flags);
      return attempt(async () => (await import('../commands/init.ts')).init({ ...given, project }));
    });
};

export const build: AddCommand = (context) => {
  toolkit(context, 'build', 'makes the artifact of a project, or says everything that is wrong with it')
    .option('-d, --deployment-config <file>', 'deployment configuration in the place of the project’s own')
    .option('--docker', 'is refused: images are not built')
    .option('--docker-image <name:tag>', 'is refused: images are not built')
    .option('--docker-base-image <name>', 'is refused: images are not built')
    .action((project: string, given: Omit<BuildArguments, 'project'>) => {
      refuseFlags(context.program, context.flags);
      return attempt(async () => (await import('../commands/build.ts')).build({ ...given, project }));
    });
};

export const pull: AddCommand = (context) => addPull(context, 'pull');

/** The original has `import` for it, which is another thing in `postern`. */
export const importApis: AddCommand = (context) => addPull(context, 'import');

function addPull(context: CommandContext, name: string): void {
  toolkit(context, name, 'gets APIs and policies from a control plane into a project')
    .option('-a, --api-name <name>', 'one API, with --version')
    .option('-v, --version <version>', 'its version')
    .option('-l, --label <label>', 'all APIs with this label')
    .option('-u, --username <name>', 'who asks; is asked for if it is missing')
    .option('-p, --password <password>', 'better in POSTERN_PASSWORD; is asked for if it is missing')
    .option('-s, --server-url <url>', 'the control plane (default: https://localhost:9443)')
    .option('-t, --truststore <file>', 'certificates that are believed: PEM, PKCS#12 or JKS')
    .option('-w, --truststore-pass <password>', 'password of that file')
    .option('-k, --insecure', 'believe any certificate')
    .action((project: string, given: Omit<PullArguments, 'project'>) => {
      refuseFlags(context.program, context.flags);
      return attempt(async () => (await import('../commands/pull.ts')).pull({ ...given, project }));
    });
}

function toolkit({ program }: CommandContext, name: string, description: string): Command {
  return program.command(name).description(description).argument('<project>', 'folder of the project');
}
