/** `postern init`: a new project for a microgateway. */
import { readOpenApi } from '../../adapters/openapi/read-open-api.ts';
import { readBounded } from '../../platform/read-bounded.ts';
import { UsageError } from '../fail.ts';
import { countProblems, describeProblems } from '../print-problems.ts';
import { printable } from '../printable.ts';

export interface InitArguments {
  /** Path of the new project's folder. */
  readonly project: string;
  /** `-a`: path or address of an OpenAPI definition. */
  readonly apiDefinition?: string;
  /** `--headers`: names of header fields for the request to that address, separated by commas. */
  readonly headers?: string;
  /** `--values`: their values, in the same order. */
  readonly values?: string;
  /** `-k`: believe any certificate of that address. */
  readonly insecure?: boolean;
  /** `-f`: take the place of a project that is there. */
  readonly force?: boolean;
  /** `-d`: a deployment configuration for the project. */
  readonly deploymentConfig?: string;
}

/**
 * @returns exit status: 0, or 1 when the definition is not good; nothing was made then
 * @throws UsageError, ProjectError; there is no project then, or still the former one
 */
export async function init(args: InitArguments): Promise<number> {
  const { createProject } = await import('../../toolkit/create-project.ts');
  const { fetchDefinition } = await import('../../toolkit/fetch-definition.ts');
  const headers = pairs(args.headers, args.values);
  if (headers.length > 0 && !/^https?:/i.test(args.apiDefinition ?? '')) {
    throw new UsageError('--headers are for the address of a definition; give one by --api-definition');
  }
  const from = args.apiDefinition;
  const definition =
    from === undefined ? null : await fetchDefinition({ from, headers, insecure: args.insecure ?? false });
  if (definition) {
    const { problems } = await readOpenApi(definition.text, definition.name);
    for (const line of describeProblems(problems)) process.stderr.write(`${line}\n`);
    if (problems.some(({ severity }) => severity === 'error')) {
      process.stderr.write(`${printable(definition.name)} has ${countProblems(problems)}; no project was made\n`);
      return 1;
    }
  }
  const deploymentConfig = args.deploymentConfig === undefined ? null : await readToml(args.deploymentConfig);
  const { folder, name } = createProject({
    folder: args.project,
    force: args.force ?? false,
    definition,
    deploymentConfig,
  });
  process.stdout.write(`Project ${name} was made in ${folder}\n`);
  const next = definition ? '' : `  put an OpenAPI definition into ${name}/api_definitions\n`;
  process.stdout.write(`Next:\n${next}  postern build ${args.project}\n`);
  return 0;
}

function pairs(names: string | undefined, values: string | undefined): [string, string][] {
  const list = (text: string | undefined): string[] =>
    text === undefined ? [] : text.split(',').map((part) => part.trim());
  const keys = list(names);
  const given = list(values);
  if (keys.length !== given.length) {
    throw new UsageError(`--headers names ${keys.length} fields, and --values has ${given.length} values`);
  }
  return keys.map((key, i): [string, string] => {
    const value = given[i] as string;
    // The value is not repeated: it may be a secret.
    if (!/^[\w!#$%&'*+\-.^`|~]+$/.test(key)) throw new UsageError(`--headers: '${key}' is no name of a header field`);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw new UsageError(`--values: the value of '${key}' is no header value`);
    return [key, value];
  });
}

async function readToml(file: string): Promise<string> {
  const { maxLength, parseDeploymentConfig } = await import('../../toolkit/deployment-config.ts');
  let text: string;
  try {
    text = readBounded(file, { maxBytes: maxLength, anyKind: true }).toString('utf8');
  } catch (error) {
    throw new UsageError(`--deployment-config: can't read ${file}: ${(error as Error).message}`);
  }
  parseDeploymentConfig(text, file);
  return text;
}
