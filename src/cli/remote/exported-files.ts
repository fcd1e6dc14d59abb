/**
 * What an export is made of. A control plane is not believed to send nothing else: its archive is unpacked into a folder
 * where hooks, parameters and settings of others may be.
 */
import { escapeHidden } from '../../core/hidden-characters.ts';
import { type Files, readZip, ZipError } from '../../platform/zip.ts';
import { RemoteError } from './remote-error.ts';

export interface ExportKind {
  /** How errors call it. */
  readonly name: string;
  /** Its files, by their path below the folder. Names are such that a file has the same on every system. */
  readonly parts: readonly RegExp[];
  /** The one that it can't be without: a folder that has it was written by an export. */
  readonly main: RegExp;
  /** Where they are. */
  readonly folders: readonly string[];
}

/** docs/cli.md, "Export". */
export const apiExport: ExportKind = {
  name: 'an API',
  parts: [
    /^Meta-information\/(api|swagger|endpoint_certificates|client_certificates)\.(yaml|yml|json)$/,
    /^Docs\/docs\.(yaml|yml|json)$/,
    /^Docs\/(InlineContents|FileContents)\/[A-Za-z0-9%_-]([A-Za-z0-9 %._-]{0,1000}[A-Za-z0-9%_-])?$/,
    /^Image\/icon\.[A-Za-z0-9]{1,10}$/,
  ],
  main: /^Meta-information\/api\.(yaml|yml|json)$/,
  folders: ['Meta-information', 'Docs', 'Docs/InlineContents', 'Docs/FileContents', 'Image'],
};

/** @param file what its one file is called here */
export function applicationExport(file: string): ExportKind {
  const only = new RegExp(`^${file.replaceAll('.', '\\.')}$`);
  return { name: 'an application', parts: [only], main: only, folders: [] };
}

export const isPart = ({ parts }: ExportKind, path: string): boolean => parts.some((part) => part.test(path));

export const isFolderOf = ({ folders }: ExportKind, path: string): boolean => folders.includes(path);

/**
 * The files of an archive, below the one folder that it has around them.
 * @throws RemoteError when anything in it is no part of such an export, or two of them would be one file
 */
export function exportedFiles(archive: Uint8Array, kind: ExportKind): Files {
  const files = withoutRoot(read(archive));
  const names = new Map<string, string>();
  for (const path of files.keys()) {
    if (!isPart(kind, path)) throw notWritten(`${shown(path)}, which is no part of an export of ${kind.name}`);
    const same = names.get(path.toLowerCase());
    // On some systems they would be one file.
    if (same !== undefined) throw notWritten(`${shown(same)} and ${shown(path)}, which differ only in case`);
    names.set(path.toLowerCase(), path);
  }
  if (![...files.keys()].some((path) => kind.main.test(path))) throw notWritten(`nothing that is ${kind.name}`);
  return files;
}

/**
 * The one file of an application's archive, whose name is the control plane's, under the name that it is to have.
 * @throws RemoteError when there is anything else
 */
export function exportedApplication(archive: Uint8Array, file: string): Files {
  const [entry, ...others] = withoutRoot(read(archive));
  if (!entry || others.length > 0) throw notWritten(`${others.length + (entry ? 1 : 0)} files; an application has one`);
  const [path, content] = entry;
  if (!/^[A-Za-z0-9._-]+\.json$/.test(path)) throw notWritten(`${shown(path)}, which is no application`);
  return new Map([[file, content]]);
}

function read(archive: Uint8Array): Files {
  try {
    return readZip(archive);
  } catch (error) {
    if (error instanceof ZipError) throw notWritten(`no files that can be read: ${escapeHidden(error.message)}`);
    throw error;
  }
}

function withoutRoot(files: Files): Files {
  const roots = new Set([...files.keys()].map((path) => path.slice(0, path.indexOf('/') + 1)));
  const [root = ''] = roots;
  if (roots.size > 1) throw notWritten('several folders; expected one with everything in it');
  return new Map([...files].map(([path, content]) => [path.slice(root.length), content]));
}

const shown = (path: string): string => escapeHidden(JSON.stringify(path.slice(0, 200)));

const notWritten = (what: string): RemoteError =>
  new RemoteError(`nothing was written: the export of the control plane has ${what}`);
