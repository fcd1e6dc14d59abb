/**
 * Keeps two processes from using one folder: a file that names its owner. A file whose owner is gone (it was killed,
 * the machine was restarted) counts for nothing.
 */
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { OperatorError } from './operator-error.ts';

/** Another process has the folder. */
export class LockError extends OperatorError {
  override name = 'LockError';
}

/**
 * Takes the lock. Returns the function that gives it back.
 * @param what is locked, for the message: `the data folder /var/lib/postern`
 * @throws LockError if a living process has it
 */
export function takeLock(file: string, what: string): () => void {
  const own = `${process.pid} ${startOf(process.pid)}`;
  const scratch = `${file}.${process.pid}`;
  writeFileSync(scratch, own, { mode: 0o600 });
  try {
    for (;;) {
      // A link is made by one process only, and the file has its contents from the first moment.
      try {
        linkSync(scratch, file);
        return () => release(file, own);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = read(file);
      if (owner !== null && isAlive(owner)) {
        throw new LockError(`${what} is in use by process ${owner.split(' ')[0]}; end that one, or use another folder`);
      }
      removeStale(file, owner);
    }
  } finally {
    unlinkSync(scratch);
  }
}

/** Whether a living process has the lock at the moment. */
export function isLocked(file: string): boolean {
  const owner = read(file);
  return owner !== null && isAlive(owner);
}

/** Moved aside first: if another process has taken the lock meanwhile, it is its file that was moved, and goes back. */
function removeStale(file: string, owner: string | null): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    if (read(aside) !== owner) linkSync(aside, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  remove(aside);
}

function release(file: string, own: string): void {
  if (read(file) === own) remove(file);
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(owner: string): boolean {
  const [pid = '', start = ''] = owner.split(' ');
  if (!/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // A number is given again; the time of the start tells the two apart, where it can be known.
  return start === startOf(Number(pid));
}

/** When a process started, in the kernel's own units; empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
