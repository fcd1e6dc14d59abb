/** The folder that a process keeps its data in. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OperatorError } from '../platform/operator-error.ts';

/** The data folder can't be used. */
export class DataFolderError extends OperatorError {
  override name = 'DataFolderError';
}

/** Makes the data folder, for its owner only. @throws DataFolderError */
export function openDataFolder(data: string): void {
  try {
    makeFolder(data);
    accessSync(data, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
        ? 'may not be written by this user'
        : code === 'EEXIST' || code === 'ENOTDIR'
          ? 'is not a folder'
          : `can't be used: ${message}`;
    throw new DataFolderError(`the data folder ${data} ${why}; choose another with --data`);
  }
}

/** Not by `recursive`: below a folder like /proc, which answers ENOENT to every mkdir, that never ends. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(folder))) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}

/**
 * The file that an option names for the access log, with its folder made; empty is `logs/access.log` in the data folder.
 * @returns null for `off`
 */
export function accessLogFile(option: string, data: string): string | null {
  if (option === 'off') return null;
  const file = option === '' ? join(data, 'logs', 'access.log') : resolve(option);
  mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
  return file;
}
