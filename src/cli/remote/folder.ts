/** Projects on disk: read as files by path, and written whole or not at all. */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { syncFolder } from '../../platform/durable-file.ts';
import { readBounded } from '../../platform/read-bounded.ts';
import { type Files, readZip, ZipError } from '../../platform/zip.ts';
import { UsageError } from '../fail.ts';
import { type ExportKind, isFolderOf, isPart } from './exported-files.ts';

const maxFiles = 5000;
const maxBytes = 64 << 20;

/**
 * The files of a folder or of a ZIP archive.
 * @throws UsageError when there is nothing, or too much
 */
export function readProject(path: string): Files {
  try {
    if (statSync(path).isDirectory()) return readFolder(path);
    return readZip(readArchive(path));
  } catch (error) {
    if (error instanceof ZipError) throw new UsageError(`${path}: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof UsageError) throw error;
    throw new UsageError(`${path} ${code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`}`);
  }
}

function readArchive(path: string): Buffer {
  try {
    return readBounded(path, { maxBytes, anyKind: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

/**
 * Puts an export into a new folder. One that is there is replaced only if that is asked for, and only those of its files
 * that are parts of such an export: everything else in it (api_params.yaml, a README, .git) stays.
 * @throws UsageError when it is there, or was not written by an export
 */
export function writeFolder(path: string, files: Files, kind: ExportKind, { replace }: { replace: boolean }): void {
  const there = existsSync(path);
  if (there && !replace) throw new UsageError(`${path} is there already; --force replaces it`);
  // A link to a folder stays one.
  const target = there ? realpathSync(path) : resolve(path);
  mkdirSync(dirname(target), { recursive: true });
  const draft = mkdtempSync(`${target}.new-`);
  const old = `${draft}-old`;
  try {
    if (there) copyOthers(path, target, draft, kind);
    for (const [name, content] of files) {
      mkdirSync(dirname(join(draft, name)), { recursive: true });
      // wx: whatever a name turns out to be on this system, no file is written twice, and none through a link.
      writeFileSync(join(draft, name), content, { flush: true, flag: 'wx' });
    }
    if (there) renameSync(target, old);
    renameSync(draft, target);
    syncFolder(dirname(target));
  } catch (error) {
    if (there && !existsSync(target)) renameSync(old, target);
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new UsageError(`${path} can't be written (${message})`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** Puts an archive in the place of a file, whole or not at all. */
export function writeArchive(path: string, archive: Uint8Array, { replace }: { replace: boolean }): void {
  if (existsSync(path) && !replace) throw new UsageError(`${path} is there already; --force replaces it`);
  mkdirSync(dirname(resolve(path)), { recursive: true });
  const folder = mkdtempSync(`${path}.new-`);
  try {
    const draft = join(folder, basename(path));
    writeFileSync(draft, archive, { flush: true, mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new UsageError(`${path} can't be written (${message})`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything that is no part of an export, as it is. @throws UsageError when the folder was not written by one */
function copyOthers(path: string, from: string, to: string, kind: ExportKind): void {
  let isExport = readdirSync(from).length === 0;
  const filter = (file: string): boolean => {
    const name = relative(from, file).split(sep).join('/');
    const stat = lstatSync(file);
    if (stat.isDirectory()) return true;
    if (stat.isSymbolicLink() && isFolderOf(kind, name)) {
      throw new UsageError(
        `${join(path, name)} is a symbolic link; expected a folder, as parts of the export go there`,
      );
    }
    if (!isPart(kind, name)) return true;
    isExport ||= kind.main.test(name);
    return false;
  };
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter });
  chmodSync(to, statSync(from).mode);
  if (!isExport)
    throw new UsageError(`${path} is there and is no export of ${kind.name}, so --force does not replace it`);
}

/** Hidden files are no part of a project, and symbolic links are not followed out of it. */
function readFolder(root: string): Files {
  const files: Files = new Map();
  let bytes = 0;
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const name = file.slice(root.length).split(sep).filter(Boolean).join('/');
    if (name.split('/').some((part) => part.startsWith('.'))) continue;
    if (entry.isSymbolicLink()) throw new UsageError(`${file} is a symbolic link; expected a file`);
    if (!entry.isFile()) continue;
    bytes += statSync(file).size;
    if (files.size >= maxFiles || bytes > maxBytes) {
      throw new UsageError(`${root} is too large: at most ${maxFiles} files of ${maxBytes} bytes together are read`);
    }
    files.set(name, readFileSync(file));
  }
  if (files.size === 0)
    throw new UsageError(`${basename(root)} is empty; expected a project with Meta-information/api.yaml`);
  return files;
}
