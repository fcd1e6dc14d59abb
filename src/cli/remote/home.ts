/** The folder that keeps what the command line knows of control planes, readable by its owner only. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { replaceFile } from '../../platform/durable-file.ts';
import { UsageError } from '../fail.ts';

/** `~/.postern`, or what POSTERN_HOME says. */
export function home(): string {
  return resolve(process.env.POSTERN_HOME ?? join(homedir(), '.postern'));
}

export type Kept = 'environments' | 'sessions';

/** Null when there is none of that name. @throws UsageError when the file is not what was written here. */
export function readKept<T>(kind: Kept, name: string): T | null {
  const file = fileOf(kind, name);
  let text: string;
  try {
    const { mode } = statSync(file);
    if (kind === 'sessions' && process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new UsageError(`others may read ${file}, which holds tokens: chmod 600 ${file}`);
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === undefined) throw error;
    throw new UsageError(`${file} can't be read (${code})`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch {
    // Said below.
  }
  throw new UsageError(
    `${file} is damaged; remove it and say \`postern ${kind === 'sessions' ? 'login' : 'env add'}\` again`,
  );
}

export function writeKept(kind: Kept, name: string, value: object): void {
  const file = fileOf(kind, name);
  try {
    mkdirSync(join(home(), kind), { recursive: true, mode: 0o700 });
    replaceFile(file, `${JSON.stringify(value, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(
      `${file} can't be written (${(error as NodeJS.ErrnoException).code}); POSTERN_HOME chooses another folder`,
    );
  }
}

export function removeKept(kind: Kept, name: string): void {
  rmSync(fileOf(kind, name), { force: true });
}

/** The names, sorted. */
export function listKept(kind: Kept): string[] {
  try {
    const files = readdirSync(join(home(), kind)).filter((file) => file.endsWith('.json'));
    return files.map((file) => file.slice(0, -'.json'.length)).sort();
  } catch {
    return [];
  }
}

function fileOf(kind: Kept, name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new UsageError(
      `${JSON.stringify(name)} is no name of an environment; expected up to 64 letters, digits, dots, dashes and underscores`,
    );
  }
  return join(home(), kind, `${name}.json`);
}
