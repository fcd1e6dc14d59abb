/** `postern build`: from a project to an artifact, with everything that is wrong said at once. */
import { UsageError } from '../fail.ts';
import { countProblems, describeProblems } from '../print-problems.ts';
import { printable } from '../printable.ts';

export interface BuildArguments {
  /** Path of the project's folder. */
  readonly project: string;
  /** `-d`: takes the place of the project's own deployment configuration. */
  readonly deploymentConfig?: string;
  readonly docker?: boolean;
  readonly dockerImage?: string;
  readonly dockerBaseImage?: string;
}

/**
 * @returns exit status: 0, or 1 when a problem is an error
 * @throws UsageError, ProjectError
 */
export async function build(args: BuildArguments): Promise<number> {
  if (args.docker || args.dockerImage !== undefined || args.dockerBaseImage !== undefined) {
    throw new UsageError(
      '--docker: images are not built; build without it, and copy the artifact into an image of your own',
    );
  }
  const { buildProject } = await import('../../toolkit/build.ts');
  const { problems, artifact } = await buildProject(args.project, args.deploymentConfig ?? null);
  for (const line of describeProblems(problems)) process.stderr.write(`${line}\n`);
  if (!artifact) {
    process.stderr.write(`BUILD FAILED: ${countProblems(problems)}; no artifact was written\n`);
    return 1;
  }
  const { file, hash, bytes, apis, policies } = artifact;
  const lines = [
    'BUILD SUCCESSFUL',
    `Target: ${file}`,
    `  ${bytes} bytes, SHA-256 of the content ${hash}`,
    `  ${policies} policies, ${apis.length} API${apis.length === 1 ? '' : 's'}:`,
    // The id is what another address or password of a back end is given under.
    ...apis.map(({ id, name, version, context, basePath, resources }) => {
      const path = (basePath ?? `${context}/${version}`) || '/';
      return `  ${name} ${version} at ${path}, ${resources.length} operations, id ${id}`;
    }),
    `Next: postern run ${file}`,
  ];
  process.stdout.write(`${lines.map(printable).join('\n')}\n`);
  return 0;
}
