/** `postern import`: brings an exported API or application to an environment, or shows what that would change. */
import { basename } from 'node:path';
import { writeZip } from '../../platform/zip.ts';
import { findParams, readParams } from '../remote/api-params.ts';
import { applyParams } from '../remote/apply-params.ts';
import { type Connection, withConnection } from '../remote/connection.ts';
import { readProject } from '../remote/folder.ts';
import type { OutputFormat } from '../remote/output.ts';
import { readPreview, showPreview } from '../remote/preview.ts';
import { note } from '../remote/progress.ts';
import { RemoteError } from '../remote/remote-error.ts';

interface ImportOptions {
  readonly environment: string;
  /** Folder or ZIP archive. */
  readonly file: string;
  readonly update?: boolean;
  readonly dryRun?: boolean;
  readonly output: OutputFormat;
  readonly insecure?: boolean;
}

export interface ImportApiOptions extends ImportOptions {
  readonly params?: string;
  readonly preserveProvider: boolean;
}

export function importApi(options: ImportApiOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const { update = false, preserveProvider } = options;
    const query = new URLSearchParams({ preserveProvider: String(preserveProvider), overwrite: String(update) });
    const archive = writeZip(filesOf(options));
    await bringIn(connection, '/import/api', query, archive, options);
  });
}

export interface ImportAppOptions extends ImportOptions {
  readonly owner?: string;
  readonly preserveOwner?: boolean;
  readonly skipSubscriptions?: boolean;
  readonly skipKeys?: boolean;
}

export function importApp(options: ImportAppOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const flags = {
      preserveOwner: options.preserveOwner,
      skipSubscriptions: options.skipSubscriptions,
      skipApplicationKeys: options.skipKeys,
      update: options.update,
    };
    const query = new URLSearchParams(Object.entries(flags).map(([name, on]) => [name, String(on ?? false)]));
    if (options.owner !== undefined) query.set('appOwner', options.owner);
    const archive = writeZip(readProject(options.file));
    await bringIn(connection, '/import/applications', query, archive, options);
  });
}

/** What would change is asked first: so that it can be shown, and so that nothing is sent where nothing would. */
async function bringIn(
  connection: Connection,
  path: string,
  query: URLSearchParams,
  archive: Uint8Array,
  { file, environment, dryRun, output }: ImportOptions,
): Promise<void> {
  const name = `${basename(file).replaceAll(/[^A-Za-z0-9._-]/g, '_')}.zip`;
  const preview = readPreview((await connection.upload('admin', `${path}/preview?${query}`, name, archive)).json());
  for (const warning of preview.warnings) note(warning);
  showPreview(preview, output);
  const what = `${preview.name}${preview.version === undefined ? '' : ` ${preview.version}`}`;
  const skipped = preview.skipped.map((api) => `${api.name} ${api.version}`);
  if (skipped.length > 0) note(`not subscribed, as ${environment} has no such API or tier: ${skipped.join(', ')}`);
  if (dryRun) return note(`${what} would be ${preview.outcome} in ${environment}; nothing was changed`);
  if (preview.outcome !== 'unchanged') {
    const answer = await connection.upload('admin', `${path}?${query}`, name, archive);
    if (answer.status !== 200 && answer.status !== 207)
      throw new RemoteError(`${environment} answered ${answer.status}`);
  }
  note(`${what}: ${preview.outcome} in ${environment}`);
}

function filesOf({ file, params, environment }: ImportApiOptions) {
  const files = readProject(file);
  const path = params ?? findParams(file);
  files.delete('api_params.yaml');
  if (path === null) return files;
  const found = readParams(path, environment, process.env);
  if (found) return applyParams(files, found, path);
  const message = `${path} says nothing of the environment ${environment}`;
  if (params !== undefined) throw new RemoteError(`${message}; expected an entry with that name`);
  note(`${message}; the project is taken as it is`);
  return files;
}
