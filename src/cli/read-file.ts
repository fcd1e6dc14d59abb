/** Files that are named on the command line. */
import { accessSync, constants } from 'node:fs';
import { readBounded } from '../platform/read-bounded.ts';
import { UsageError } from './fail.ts';

/** Bytes at most: of metadata, keys and passwords, which are far shorter. */
const maxBytes = 1 << 20;

/** @throws UsageError that names the file */
export function readFile(file: string): Buffer {
  try {
    return readBounded(file, { maxBytes, anyKind: true });
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** For what is read by somebody else. @throws UsageError that names the file */
export function requireFile(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw unreadable(file, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
};

function unreadable(file: string, error: unknown): UsageError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new UsageError(`${file} can't be read: ${reasons[code] ?? message}`);
}
