/** Reads everything of a project that an artifact is made of, and says all that is wrong with it. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import type { Problem } from '../adapters/openapi/openapi-document.ts';
import { readOpenApi } from '../adapters/openapi/read-open-api.ts';
import type { EntityChange } from '../core/snapshot.ts';
import { readBounded } from '../platform/read-bounded.ts';
import { checkApis } from './check-apis.ts';
import { checkDeploymentConfig } from './deployment-config.ts';
import { type MadeApi, makeApi } from './make-api.ts';
import { type Project, projectFolders } from './project.ts';
import { type ReadPolicies, readPolicies } from './read-policies.ts';

export interface ProjectContent {
  /** Policies and APIs; to be used only if no problem is an error. */
  readonly entities: readonly EntityChange[];
  readonly problems: readonly Problem[];
}

const definitionTypes = new Set(['.yaml', '.yml', '.json']);
/** Bytes; more than is read of any file, and little enough to hold. */
const maxFile = 64 * 1024 * 1024;

/**
 * @param deploymentConfig a file in place of the project's own; null = that
 * @throws ProjectError if the folder is no project, or a folder in it leads out of it
 */
export async function readProject(project: Project, deploymentConfig: string | null): Promise<ProjectContent> {
  project.require();
  for (const folder of Object.keys(projectFolders)) project.requireInside(join(project.folder, folder));
  const problems: Problem[] = [];
  const { policies, ids } = readAllPolicies(project, problems);
  const interceptors = readInterceptors(project);
  const apis: MadeApi[] = [];
  const definitions = [
    ...filesOf(project.definitions, definitionTypes).map((path) => ({ path, isPulled: false })),
    ...filesOf(project.pulledDefinitions, definitionTypes).map((path) => ({ path, isPulled: true })),
  ];
  for (const { path, isPulled } of definitions) {
    const file = relative(project.folder, path);
    const text = readText(path, file, problems);
    if (text === null) continue;
    const { document, source, problems: found } = await readOpenApi(text, file);
    push(problems, found);
    if (!document || !source) continue;
    const id = isPulled ? idOf(path) : null;
    const { made, problems: more } = makeApi({ file, document, source, id }, interceptors);
    push(problems, more);
    if (made) apis.push(isPulled ? { ...made, api: { ...made.api, managed: true } } : made);
  }
  if (definitions.length === 0) {
    const message = 'the project has no API definition';
    problems.push(
      problem('error', 'api_definitions', message, 'put an OpenAPI file (.yaml, .json) there, or pull an API'),
    );
  }
  push(problems, checkApis(apis, ids));
  checkUnused(project, problems);
  push(problems, checkDeploymentConfig(project, deploymentConfig));
  const entities: EntityChange[] = [
    ...policies.map((value): EntityChange => ({ kind: 'policy', id: `${value.level}|${value.name}`, value })),
    ...apis.map(({ api }): EntityChange => ({ kind: 'api', id: api.id, value: api })),
  ];
  return { entities, problems };
}

/** Pulled ones are stronger: their limits are the control plane's decision, those of a new project nobody's. */
function readAllPolicies(project: Project, problems: Problem[]): Omit<ReadPolicies, 'problems'> {
  const own = readPoliciesFile(project, project.policies, problems);
  const pulled = readPoliciesFile(project, project.pulledPolicies, problems);
  if (own === null && pulled === null) {
    const message = 'there are no policies: an API that names a tier answers 500';
    problems.push(problem('warning', 'policies.yaml', message, "add the file; 'postern init' makes one"));
  }
  const byId = new Map((own?.policies ?? []).map((policy) => [`${policy.level}|${policy.name}`, policy]));
  for (const policy of pulled?.policies ?? []) {
    const known = byId.get(`${policy.level}|${policy.name}`);
    if (known && JSON.stringify(known) !== JSON.stringify(policy)) {
      const message = `the ${policy.level} policy '${policy.name}' has no effect: the pulled one takes its place`;
      problems.push(problem('warning', 'policies.yaml', message, 'remove it here, or from gen/policies.yaml'));
    }
    byId.set(`${policy.level}|${policy.name}`, policy);
  }
  return { policies: [...byId.values()], ids: new Set([...(own?.ids ?? []), ...(pulled?.ids ?? [])]) };
}

/** Null if there is no such file. */
function readPoliciesFile(project: Project, path: string, problems: Problem[]): ReadPolicies | null {
  if (!lstatSync(path, { throwIfNoEntry: false })) return null;
  const file = relative(project.folder, path);
  const text = readText(path, file, problems);
  const read = readPolicies(text ?? '', file);
  push(problems, read.problems);
  return read;
}

/** Names of the functions in the project's interceptor sources. */
function readInterceptors(project: Project): ReadonlySet<string> {
  const names = new Set<string>();
  for (const path of filesOf(project.interceptors, new Set(['.bal']))) {
    const text = readText(path, path, []) ?? '';
    for (const [, name] of text.matchAll(/\bfunction\s+([A-Za-z_]\w*)\s*\(/g)) names.add(name as string);
  }
  return names;
}

/** What is in the folders that nothing is made of yet. */
function checkUnused(project: Project, problems: Problem[]): void {
  for (const [folder, types, what] of [
    ['grpc_definitions', ['.proto'], 'APIs are not made of protocol buffers yet'],
    ['extensions', ['.bal'], 'extensions are not called'],
    ['lib', ['.jar'], 'libraries are not loaded'],
  ] as const) {
    for (const path of filesOf(join(project.folder, folder), new Set(types))) {
      problems.push(problem('warning', relative(project.folder, path), `it has no effect: ${what}`, 'remove it'));
    }
  }
}

/** Files of these types in a folder and below, in the order of their names. With every link: nobody knows what it stands for. */
function filesOf(folder: string, types: ReadonlySet<string>): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .filter((entry) => entry.isSymbolicLink() || types.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readText(path: string, file: string, problems: Problem[]): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readBounded(path, { maxBytes: maxFile }));
  } catch (error) {
    const why = error instanceof TypeError ? 'it is no UTF-8 text' : (error as Error).message;
    problems.push(problem('error', file, `can't read the file: ${why}`, 'correct or remove it'));
    return null;
  }
}

function idOf(path: string): string {
  return basename(path, extname(path));
}

function problem(severity: Problem['severity'], file: string, message: string, remedy: string): Problem {
  return { severity, file, place: '', message, remedy };
}

function push(problems: Problem[], more: readonly Problem[]): void {
  for (const one of more) problems.push(one);
}
