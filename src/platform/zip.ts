/** ZIP archives in memory, read with limits: what an archive says of itself is not believed. */
import { crc32, inflateRawSync } from 'node:zlib';
import { zipSync } from 'fflate';

/** Contents by path: relative, with slashes. */
export type Files = Map<string, Uint8Array>;

/** The bytes are no archive that may be read; the message says why. */
export class ZipError extends Error {
  override name = 'ZipError';
}

export interface ZipLimits {
  /** Files at most. Default 5000. */
  readonly files?: number;
  /** Bytes of all files together, unpacked, at most. Default 64 MiB. */
  readonly bytes?: number;
}

/** Signatures and lengths of the format's records (PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16). */
const localHead = { signature: 0x04034b50, length: 30 };
const centralHead = { signature: 0x02014b50, length: 46 };
const endRecord = { signature: 0x06054b50, length: 22 };
const maxComment = 0xffff;

/**
 * The files of an archive. Folders are left out; their files name them.
 * @throws ZipError when it is damaged, is over a limit, or has a path that leads out of it
 */
export function readZip(
  archive: Uint8Array,
  { files: maxFiles = 5000, bytes: maxBytes = 64 << 20 }: ZipLimits = {},
): Files {
  const zip = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  try {
    const end = findEnd(zip);
    const count = zip.readUInt16LE(end + 10);
    let at = zip.readUInt32LE(end + 16);
    if (count > maxFiles) throw new ZipError(`it has ${count} entries; at most ${maxFiles} are read`);
    const files: Files = new Map();
    let left = maxBytes;
    for (let i = 0; i < count; i++) {
      if (zip.readUInt32LE(at) !== centralHead.signature) throw new ZipError('its table of contents is damaged');
      const nameLength = zip.readUInt16LE(at + 28);
      const name = zip.toString('utf8', at + centralHead.length, at + centralHead.length + nameLength);
      const { path, isFolder } = checkedPath(name);
      if (!isFolder) {
        if (files.has(path)) throw new ZipError(`it has ${path} twice`);
        const content = unpack(zip, at, path, left, maxBytes);
        left -= content.length;
        files.set(path, content);
      }
      at += centralHead.length + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    }
    return files;
  } catch (error) {
    if (error instanceof RangeError) throw new ZipError('it ends too early, or its table of contents is damaged');
    throw error;
  }
}

/** An archive of the files. The same files give the same bytes. */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  // The format's first day: the archive says nothing of when it was made.
  return zipSync(Object.fromEntries(sorted), { mtime: new Date(1980, 0, 1), os: 3, attrs: 0o600 << 16 });
}

function findEnd(zip: Buffer): number {
  const first = Math.max(0, zip.length - endRecord.length - maxComment);
  for (let at = zip.length - endRecord.length; at >= first; at--) {
    if (zip.readUInt32LE(at) === endRecord.signature) return at;
  }
  throw new ZipError('it is no ZIP archive');
}

/** The name of an entry, which must stay below the folder that it is unpacked into, on every system. */
function checkedPath(name: string): { path: string; isFolder: boolean } {
  const isFolder = name.endsWith('/');
  const path = isFolder ? name.slice(0, -1) : name;
  const parts = path.split('/');
  if (
    path.length > 1000 ||
    /[\\:\0]/.test(path) ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw new ZipError(`the path ${JSON.stringify(name.slice(0, 100))} in it is not allowed`);
  }
  return { path, isFolder };
}

function unpack(zip: Buffer, central: number, path: string, left: number, maxBytes: number): Buffer {
  const [flags, method] = [zip.readUInt16LE(central + 8), zip.readUInt16LE(central + 10)];
  const [checksum, packed, size] = [16, 20, 24].map((at) => zip.readUInt32LE(central + at)) as [number, number, number];
  if (flags & 1) throw new ZipError(`${path} in it is encrypted`);
  if (size > left) throw new ZipError(`its files are larger than the ${maxBytes} bytes that are read`);
  const local = zip.readUInt32LE(central + 42);
  if (zip.readUInt32LE(local) !== localHead.signature) throw new ZipError(`${path} in it is damaged`);
  const start = local + localHead.length + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const body = zip.subarray(start, start + packed);
  const content = method === 8 ? inflate(body, size, path) : body;
  if (method !== 8 && method !== 0) throw new ZipError(`${path} in it is packed in an unknown way (${method})`);
  if (body.length !== packed || content.length !== size || crc32(content) !== checksum) {
    throw new ZipError(`${path} in it is damaged`);
  }
  return content;
}

/** Not one byte more than the archive announced, and the limits allowed. */
function inflate(body: Buffer, size: number, path: string): Buffer {
  if (size === 0) return Buffer.alloc(0);
  try {
    return inflateRawSync(body, { maxOutputLength: size });
  } catch {
    throw new ZipError(`${path} in it is damaged`);
  }
}
