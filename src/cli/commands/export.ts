/** `postern export`: APIs and applications as folders or archives, which `postern import` brings to other environments. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Files, readZip } from '../../platform/zip.ts';
import { UsageError } from '../fail.ts';
import { type Connection, withConnection } from '../remote/connection.ts';
import { writeArchive, writeFolder } from '../remote/folder.ts';
import { note, Progress } from '../remote/progress.ts';
import { listAll } from './get.ts';

interface ExportOptions {
  readonly environment: string;
  /** Folder or `.zip` to write. */
  readonly to?: string;
  /** Replace what is there. */
  readonly force?: boolean;
  readonly insecure?: boolean;
}

export interface ExportApiOptions extends ExportOptions {
  readonly name: string;
  readonly version: string;
  readonly provider?: string;
  readonly format: 'yaml' | 'json';
  readonly preserveStatus: boolean;
}

export function exportApi(options: ExportApiOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const target = options.to ?? folderName(options.name, options.version);
    refuseTaken(target, options);
    write(target, await fetchApi(connection, options), options);
    note(`exported ${options.name} ${options.version} to ${target}`);
  });
}

/** What an earlier run has written is left out, so that one that was interrupted goes on where it was. */
export function exportApis(options: Omit<ExportApiOptions, 'name' | 'version' | 'provider'>): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const folder = options.to ?? `${options.environment}-apis`;
    if (/\.zip$/i.test(folder)) throw new UsageError('--to: expected a folder, which gets one folder for each API');
    const { rows } = await listAll(connection, 'publisher', '/apis?', Infinity);
    const progress = new Progress();
    let there = 0;
    let done = 0;
    for (const row of rows) {
      const [name, version] = [String(row.name), String(row.version)];
      const target = join(folder, folderName(name, version));
      progress.show(`${done + there} of ${rows.length}: ${name} ${version}`);
      if (existsSync(target) && !options.force) {
        there += 1;
        continue;
      }
      write(target, await fetchApi(connection, { ...options, name, version }), options);
      done += 1;
    }
    progress.end();
    const left = there > 0 ? `; ${there} were there already (--force exports them again)` : '';
    note(`exported ${done} APIs to ${folder}${left}`);
  });
}

export interface ExportAppOptions extends ExportOptions {
  readonly name: string;
  readonly owner?: string;
  readonly withKeys?: boolean;
}

export function exportApp(options: ExportAppOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const { name, owner = connection.user, withKeys = false } = options;
    const target = options.to ?? safe(name);
    refuseTaken(target, options);
    const query = new URLSearchParams({ appName: name, appOwner: owner, withKeys: String(withKeys) });
    const { bytes } = await connection.send('admin', 'GET', `/export/applications?${query}`);
    write(target, bytes, options);
    note(`exported ${name} of ${owner} to ${target}`);
    if (withKeys) note(`${target} holds consumer secrets; keep it as you keep passwords`);
  });
}

async function fetchApi(connection: Connection, options: ExportApiOptions): Promise<Buffer> {
  const { name, version, provider, format, preserveStatus } = options;
  const query = new URLSearchParams({
    name,
    version,
    format: format.toUpperCase(),
    preserveStatus: String(preserveStatus),
  });
  if (provider !== undefined) query.set('providerName', provider);
  return (await connection.send('admin', 'GET', `/export/api?${query}`)).bytes;
}

/** Before anything is asked of the control plane. */
function refuseTaken(target: string, { force = false }: ExportOptions): void {
  if (!force && existsSync(target))
    throw new UsageError(`${target} is there already; --force replaces it, --to writes elsewhere`);
}

function write(target: string, archive: Buffer, { force = false }: ExportOptions): void {
  if (/\.zip$/i.test(target)) return writeArchive(target, archive, { replace: force });
  writeFolder(target, withoutRoot(readZip(archive)), { replace: force });
}

/** The one folder that all of an archive is in. */
function withoutRoot(files: Files): Files {
  return new Map([...files].map(([path, content]) => [path.slice(path.indexOf('/') + 1), content]));
}

const safe = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_');
const folderName = (name: string, version: string): string => `${safe(name)}-${safe(version)}`;
