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
/** At most, whatever the control plane says that there are. */
const mostApis = 10_000;
const mostPolicies = 10_000;
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
  const byId = new Map<string, Listed>();
  for (let offset = 0; ; offset += pageSize) {
    const path = `${publisher}/apis?limit=${pageSize}&offset=${offset}&query=${encodeURIComponent(query)}`;
    const list = await client.getList<Partial<Listed>>(path, pageSize);
    const known = byId.size;
    for (const one of list) byId.set(checked(one).id, checked(one));
    if (list.length < pageSize) break;
    if (byId.size === known) throw new ProjectError('the list of APIs of the control plane repeats itself');
    if (byId.size > mostApis) throw new ProjectError(`the control plane lists more than ${mostApis} APIs`);
  }
  const found = [...byId.values()];
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

function checked(one: Partial<Listed>): Listed {
  const { id, name, version, lifeCycleStatus = '', type = '' } = one;
  const texts = [id, name, version, lifeCycleStatus, type];
  if (texts.every((text) => typeof text === 'string')) return one as Listed;
  throw new ProjectError('the control plane lists an API without id, name or version');
}

async function readApi(client: ControlPlaneClient, id: string): Promise<{ api: PublishedApi; text: string }> {
  // The id becomes the name of a file.
  if (!/^[\w-]{1,100}$/.test(id)) throw new ProjectError('the control plane names an API by an id that is no id');
  const path = `${publisher}/apis/${id}`;
  const api = ((await client.get(path)) ?? {}) as PublishedApi;
  const isWhole = [api.name, api.version, api.context].every((field) => typeof field === 'string' && field !== '');
  if (api.id !== id || !isWhole) throw new ProjectError(`${path} answers with something that is no API`);
  const swagger = await client.get(`${path}/swagger`);
  // Some answer with the text in a string.
  const given = typeof swagger === 'string' ? parse(swagger, path) : swagger;
  const text = `${JSON.stringify(define(api, given, path), null, 2)}\n`;
  const { problems } = await readOpenApi(text, `${api.name} ${api.version}`);
  const error = problems.find(({ severity }) => severity === 'error');
  if (error) {
    const at = error.place === '' ? '' : ` (at ${error.place})`;
    throw new ProjectError(`the definition of '${api.name}' ${api.version} can't be used: ${error.message}${at}`);
  }
  return { api, text };
}

/** Who answers in another form than that of a publisher is no control plane. */
function define(api: PublishedApi, given: unknown, path: string): Raw {
  const notOne = (): ProjectError =>
    new ProjectError(`${path} answers with something that is no API of a control plane`);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw notOne();
  try {
    return definitionOf(api, given as Raw);
  } catch {
    throw notOne();
  }
}

/** Null where the user may not look. */
async function readPolicies(client: ControlPlaneClient, remarks: string[]): Promise<PulledPolicies | null> {
  const lists = { resource: [], application: [], subscription: [] } as Record<PolicyLevel, Raw[]>;
  for (const [level, name] of [
    ['resource', 'advanced'],
    ['application', 'application'],
    ['subscription', 'subscription'],
  ] as const) {
    const list = await client.getListIfAllowed<Raw>(`${admin}/throttling/policies/${name}`, mostPolicies);
    if (list === null) {
      remarks.push('the policies are left out: this user may not look at them; write them into policies.yaml');
      return null;
    }
    lists[level] = [...list];
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
