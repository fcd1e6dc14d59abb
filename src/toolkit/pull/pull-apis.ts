/** Gets APIs and policies from a control plane into a project: all of them, or nothing is changed. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readOpenApi } from '../../adapters/openapi/read-open-api.ts';
import type { PolicyLevel } from '../../core/policy.ts';
import { replaceFile } from '../../platform/durable-file.ts';
import { createProject } from '../create-project.ts';
import type { Raw } from '../fields.ts';
import { Project, ProjectError } from '../project.ts';
import { ControlPlaneClient, type ControlPlaneLogIn } from './control-plane-client.ts';
import { definitionOf, type PublishedApi } from './definition-of.ts';
import { type PulledPolicies, policiesOf } from './policies-of.ts';

/** Which APIs: one by name and version, or all with a label. */
export type PullSelection = { readonly name: string; readonly version: string } | { readonly label: string };

export interface Pulled {
  readonly project: Project;
  readonly apis: readonly { readonly name: string; readonly version: string; readonly file: string }[];
  /** What could not be taken over, in sentences. */
  readonly remarks: readonly string[];
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly lifeCycleStatus?: string;
  readonly type?: string;
}

const publisher = '/api/am/publisher/v1';
const admin = '/api/am/admin/v1';
const pageSize = 100;
/** States in which gateways serve an API. */
const served = new Set(['PUBLISHED', 'DEPRECATED', 'PROTOTYPED']);

/** Makes the project if there is none. @throws ProjectError */
export async function pullApis(folder: string, selection: PullSelection, logIn: ControlPlaneLogIn): Promise<Pulled> {
  const client = await ControlPlaneClient.logIn(logIn);
  try {
    const remarks: string[] = [];
    const listed = await listApis(client, selection, remarks);
    const definitions: { api: PublishedApi; text: string }[] = [];
    for (const { id } of listed) definitions.push(await readApi(client, id));
    const policies = await readPolicies(client, remarks);
    const project = new Project(folder);
    if (!project.exists) {
      const besides = policies?.ids ?? new Set<string>();
      createProject({ folder, force: false, definition: null, deploymentConfig: null, besides });
    }
    for (const path of [project.pulledDefinitions, dirname(project.pulledPolicies)]) project.requireInside(path);
    mkdirSync(project.pulledDefinitions, { recursive: true });
    const apis = definitions.map(({ api, text }) => {
      const file = join(project.pulledDefinitions, `${api.id}.json`);
      replaceFile(file, text);
      return { name: api.name, version: api.version, file };
    });
    if (policies !== null) {
      mkdirSync(dirname(project.pulledPolicies), { recursive: true });
      replaceFile(project.pulledPolicies, policies.yaml);
    }
    return { project, apis, remarks };
  } finally {
    await client.close();
  }
}

async function listApis(client: ControlPlaneClient, selection: PullSelection, remarks: string[]): Promise<Listed[]> {
  const byLabel = 'label' in selection;
  const query = byLabel ? `label:"${selection.label}"` : `name:"${selection.name}" version:"${selection.version}"`;
  const found: Listed[] = [];
  for (let offset = 0; ; offset += pageSize) {
    const path = `${publisher}/apis?limit=${pageSize}&offset=${offset}&query=${encodeURIComponent(query)}`;
    const { list } = (await client.get(path)) as { list?: Listed[] };
    for (const one of list ?? []) found.push(one);
    if ((list?.length ?? 0) < pageSize) break;
  }
  // Whatever a server's search takes for equal.
  const wanted = byLabel
    ? found
    : found.filter(({ name, version }) => name === selection.name && version === selection.version);
  const what = byLabel ? `the label '${selection.label}'` : `'${selection.name}' ${selection.version}`;
  if (wanted.length === 0)
    throw new ProjectError(`the control plane has no API ${byLabel ? 'with ' : ''}${what} that this user sees`);
  const usable = wanted.filter((api) => {
    const { name, version, lifeCycleStatus = 'PUBLISHED', type = 'HTTP' } = api;
    const why = !served.has(lifeCycleStatus)
      ? `is ${lifeCycleStatus}`
      : type !== 'HTTP'
        ? `is of the type ${type}`
        : null;
    if (why !== null) remarks.push(`the API '${name}' ${version} is left out: it ${why}`);
    return why === null;
  });
  if (usable.length === 0) throw new ProjectError(`nothing was pulled: ${remarks.join('; ')}`);
  return usable;
}

async function readApi(client: ControlPlaneClient, id: string): Promise<{ api: PublishedApi; text: string }> {
  // The id becomes the name of a file.
  if (!/^[\w-]{1,100}$/.test(id)) throw new ProjectError('the control plane names an API by an id that is no id');
  const path = `${publisher}/apis/${id}`;
  const api = (await client.get(path)) as PublishedApi;
  const isWhole = [api.name, api.version, api.context].every((field) => typeof field === 'string' && field !== '');
  if (api.id !== id || !isWhole) throw new ProjectError(`${path} answers with something that is no API`);
  const swagger = await client.get(`${path}/swagger`);
  // Some answer with the text in a string.
  const given = typeof swagger === 'string' ? parse(swagger, path) : swagger;
  const text = `${JSON.stringify(definitionOf(api, given as Raw), null, 2)}\n`;
  const { problems } = await readOpenApi(text, `${api.name} ${api.version}`);
  const error = problems.find(({ severity }) => severity === 'error');
  if (error) {
    const at = error.place === '' ? '' : ` (at ${error.place})`;
    throw new ProjectError(`the definition of '${api.name}' ${api.version} can't be used: ${error.message}${at}`);
  }
  return { api, text };
}

/** Null where the user may not look. */
async function readPolicies(client: ControlPlaneClient, remarks: string[]): Promise<PulledPolicies | null> {
  const lists = { resource: [], application: [], subscription: [] } as Record<PolicyLevel, Raw[]>;
  for (const [level, name] of [
    ['resource', 'advanced'],
    ['application', 'application'],
    ['subscription', 'subscription'],
  ] as const) {
    const answer = await client.getIfAllowed(`${admin}/throttling/policies/${name}`);
    if (answer === null) {
      remarks.push('the policies are left out: this user may not look at them; write them into policies.yaml');
      return null;
    }
    lists[level] = (answer as { list?: Raw[] }).list ?? [];
  }
  const policies = policiesOf(lists);
  for (const remark of policies.remarks) remarks.push(remark);
  return policies;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProjectError(`${path}/swagger answers with something that is no definition`);
  }
}
