/** Files that a crash leaves either as they were or as they should become, never in between. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Puts `text` in the place of `file`, readable by its owner only. */
export function replaceFile(file: string, text: string): void {
  throughTemporary(file, text, (temporary) => renameSync(temporary, file));
}

/**
 * Makes `file` unless there is one. Of several processes that try at once, one makes it and the others find it whole.
 * @returns whether it was made here.
 */
export function createFile(file: string, text: string): boolean {
  let made = true;
  throughTemporary(file, text, (temporary) => {
    try {
      linkSync(temporary, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      made = false;
    }
  });
  return made;
}

/** Makes what was renamed, linked or created in a folder survive a power failure. */
export function syncFolder(folder: string): void {
  // Windows can't open a folder, and needs no such call.
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Puts what `write` writes in the place of `file`, readable by its owner only, without keeping the thread. One at a time
 * per file. Rejects with the system's error, or what `write` rejects with; `file` is then as it was.
 */
export async function replaceFileAside(file: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${file}.tmp`;
  // Of a process that was killed.
  await rm(temporary, { force: true });
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    // A full disk has better uses for the room.
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolderAside(dirname(file));
}

/** As `syncFolder`, without keeping the thread. */
export async function syncFolderAside(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function throughTemporary(file: string, text: string, place: (temporary: string) => void): void {
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    place(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(file));
}
