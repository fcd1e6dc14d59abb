/** Reads a file of at most so many bytes, whatever has become of it by the time that it is opened. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export interface BoundedReading {
  /** Bytes that are read at most; more are an error. */
  readonly maxBytes: number;
  /** Also a link, a pipe or a device, as a user names one on the command line. Default false: a regular file alone. */
  readonly anyKind?: boolean;
}

/** @throws Error whose message says what is wrong with the file, or that of the system with its `code` */
export function readBounded(path: string, { maxBytes, anyKind = false }: BoundedReading): Buffer {
  // Opening a pipe waits for whoever writes into it, unless it is said not to.
  const flags = anyKind ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = open(path, flags);
  try {
    const stat = fstatSync(handle);
    if (stat.isDirectory()) throw new Error('it is a folder');
    if (!anyKind && !stat.isFile()) throw new Error('it is no regular file');
    const pieces: Buffer[] = [];
    for (let length = 0; ; ) {
      const piece = Buffer.allocUnsafe(Math.min(maxBytes + 1, Math.max(stat.size + 1, 65_536)));
      const read = readSync(handle, piece);
      if (read === 0) return Buffer.concat(pieces);
      length += read;
      if (length > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
      pieces.push(piece.subarray(0, read));
    }
  } finally {
    closeSync(handle);
  }
}

function open(path: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP' && flags & constants.O_NOFOLLOW)
      throw new Error('it is a link, and only regular files are read');
    throw error;
  }
}
