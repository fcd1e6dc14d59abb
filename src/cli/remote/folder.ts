/** Projects on disk: read as files by path, and written whole or not at all. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { syncFolder } from '../../platform/durable-file.ts';
import { type Files, readZip, ZipError } from '../../platform/zip.ts';
import { UsageError } from '../fail.ts';

const maxFiles = 5000;
const maxBytes = 64 << 20;

/**
 * The files of a folder or of a ZIP archive.
 * @throws UsageError when there is nothing, or too much
 */
export function readProject(path: string): Files {
  try {
    if (statSync(path).isDirectory()) return readFolder(path);
    return readZip(readFileSync(path));
  } catch (error) {
    if (error instanceof ZipError) throw new UsageError(`${path}: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof UsageError) throw error;
    throw new UsageError(`${path} ${code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`}`);
  }
}

/**
 * Puts a project into a new folder. One that is there is replaced only if that is asked for, and keeps what is no part of a
 * project (its api_params.yaml, a README).
 * @throws UsageError when it is there
 */
export function writeFolder(path: string, files: Files, { replace }: { replace: boolean }): void {
  const target = resolve(path);
  const there = existsSync(target);
  if (there && !replace) throw new UsageError(`${path} is there already; --force replaces it`);
  if (there && !isProject(target))
    throw new UsageError(`${path} is there and is no project, so --force does not replace it`);
  const draft = `${target}.${process.pid}.tmp`;
  const old = `${target}.${process.pid}.old`;
  mkdirSync(dirname(target), { recursive: true });
  try {
    if (there) copyOthers(target, draft, files);
    for (const [name, content] of files) {
      mkdirSync(dirname(join(draft, name)), { recursive: true });
      writeFileSync(join(draft, name), content, { flush: true });
    }
    if (there) renameSync(target, old);
    renameSync(draft, target);
    syncFolder(dirname(target));
  } catch (error) {
    if (there && !existsSync(target)) renameSync(old, target);
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** Puts an archive in the place of a file, whole or not at all. */
export function writeArchive(path: string, archive: Uint8Array, { replace }: { replace: boolean }): void {
  if (existsSync(path) && !replace) throw new UsageError(`${path} is there already; --force replaces it`);
  const draft = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(resolve(path)), { recursive: true });
  try {
    writeFileSync(draft, archive, { flush: true, mode: 0o600 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Whether a folder was written by an export: then all of it but what others put there may be replaced. */
function isProject(folder: string): boolean {
  const names = readdirSync(folder);
  return names.length === 0 || names.includes('Meta-information') || names.some((name) => name.endsWith('.json'));
}

/** What is at the top of a project, and no part of what is written. */
function copyOthers(from: string, to: string, files: Files): void {
  const parts = new Set([
    'Meta-information',
    'Docs',
    'Image',
    'WSDL',
    'Sequences',
    ...[...files.keys()].map((name) => name.split('/')[0]),
  ]);
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (!parts.has(name)) cpSync(join(from, name), join(to, name), { recursive: true });
  }
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
