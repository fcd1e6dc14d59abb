/** `postern export`: APIs and applications as folders or archives, which `postern import` brings to other environments. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Files } from '../../platform/zip.ts';
import { UsageError } from '../fail.ts';
import { type Connection, withConnection } from '../remote/connection.ts';
import {
  apiExport,
  applicationExport,
  type ExportKind,
  exportedApplication,
  exportedFiles,
} from '../remote/exported-files.ts';
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
    const archive = await fetchApi(connection, options);
    write(target, archive, exportedFiles(archive, apiExport), apiExport, options);
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
    const names = new Map<string, string>();
    let there = 0;
    let done = 0;
    for (const row of rows) {
      const [name, version] = [String(row.name), String(row.version)];
      const target = join(folder, folderName(name, version));
      const same = names.get(target.toLowerCase());
      if (same !== undefined) throw new UsageError(`${same} and ${name} ${version} would both be written to ${target}`);
      names.set(target.toLowerCase(), `${name} ${version}`);
      progress.show(`${done + there} of ${rows.length}: ${name} ${version}`);
      if (existsSync(target) && !options.force) {
        there += 1;
        continue;
      }
      const files = exportedFiles(await fetchApi(connection, { ...options, name, version }), apiExport);
      writeFolder(target, files, apiExport, { replace: options.force ?? false });
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
    const bytes = await connection.download('admin', `/export/applications?${query}`);
    const file = `${safe(name)}.json`;
    write(target, bytes, exportedApplication(bytes, file), applicationExport(file), options);
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
  return connection.download('admin', `/export/api?${query}`);
}

/** Before anything is asked of the control plane. */
function refuseTaken(target: string, { force = false }: ExportOptions): void {
  if (!force && existsSync(target))
    throw new UsageError(`${target} is there already; --force replaces it, --to writes elsewhere`);
}

/** An archive stays as it came, once it is known what is in it. */
function write(
  target: string,
  archive: Buffer,
  files: Files,
  kind: ExportKind,
  { force = false }: ExportOptions,
): void {
  if (/\.zip$/i.test(target)) writeArchive(target, archive, { replace: force });
  else writeFolder(target, files, kind, { replace: force });
}

const safe = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_');
const folderName = (name: string, version: string): string => `${safe(name)}-${safe(version)}`;
