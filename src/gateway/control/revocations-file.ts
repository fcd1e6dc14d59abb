/**
 * The revocations of the disk copy: the entries of the revoked set as they are in memory, so that a million of them are
 * there again in a fraction of a second. They are fingerprints; the key that they were made with is beside them.
 *
 * 32-bit words in the byte order of the machine (another order reads as another format): a head of 16 words, then
 * chunks. A chunk is [entries, entries up to its end, CRC-32, the entries]; each but the last has as many as there can
 * be, so a damaged one hides no other. The end is a chunk without entries.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { replaceFileAside } from '../../platform/durable-file.ts';
import { entryWords, type RevokedSet } from '../revocation/revoked-set.ts';

const magic = Buffer.from('POSTREVO');
const format = 1;
const wordBytes = 4;
/** Words of the file's head: magic, format, words of an entry, the key, the edition, and in the last one the CRC-32 of the others. */
const headWords = 16;
const formatWord = 2;
const entryWordsWord = 3;
const keyByte = 16;
const keyBytes = 32;
const editionWord = 12;

/** Words of a chunk's head, and the most entries behind it: about 2 ms of work. */
const chunkHeadWords = 3;
const chunkEntries = 8192;
const chunkWords = chunkHeadWords + chunkEntries * entryWords;

/** Whether the file has everything that was written to it. */
export type RevocationsFileState = 'whole' | 'damaged' | 'missing';

export interface RevocationsRead {
  readonly state: RevocationsFileState;
  /** As it was written with; 0 = it can't be read. */
  readonly edition: number;
}

/** The fingerprint key that the revocations of an earlier process were written with; null = there are none to be read. */
export function readFingerprintKey(file: string): Uint8Array | null {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    const head = new Uint32Array(headWords);
    const bytes = bytesOf(head);
    return readSync(handle, bytes, 0, bytes.length, 0) === bytes.length ? keyOf(head) : null;
  } finally {
    closeSync(handle);
  }
}

/**
 * Puts what the set has in the place of the file, a piece at a time; a crash leaves the one before or this one. What is
 * added to the set meanwhile may be missing in it.
 * @param edition tells it from the one before: a later one has a higher number
 * @param nowMs entries that are gone at this time are left out
 */
export async function writeRevocations(
  file: string,
  { key, edition }: { readonly key: Uint8Array; readonly edition: number },
  set: RevokedSet,
  nowMs: number,
): Promise<void> {
  await replaceFileAside(file, async (handle) => {
    await handle.writeFile(bytesOf(headWith(key, edition)));
    const chunk = new Uint32Array(chunkWords);
    let total = 0;
    let end = chunkHeadWords;
    const flush = async (): Promise<void> => {
      const entries = (end - chunkHeadWords) / entryWords;
      total += entries;
      chunk[0] = entries;
      chunk[1] = total;
      chunk[2] = checksum(chunk, end);
      await handle.writeFile(bytesOf(chunk.subarray(0, end)));
      end = chunkHeadWords;
    };
    // Of an empty set there are a million places to look at, too.
    for (let place: number | null = set.size === 0 ? null : 0; place !== null; ) {
      const copied = set.copyOut(place, chunk, end, nowMs);
      place = copied.next;
      end = copied.end;
      if (end === chunkWords) await flush();
      else await setImmediate();
    }
    if (end > chunkHeadWords) await flush();
    await flush();
  });
}

/** Adds to the set whatever can be read, a piece at a time. */
export async function readRevocations(
  file: string,
  key: Uint8Array,
  set: RevokedSet,
  nowMs: number,
): Promise<RevocationsRead> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'missing', edition: 0 };
    throw error;
  }
  try {
    const head = new Uint32Array(headWords);
    const found = (await fill(handle, head, 0)) === headWords ? keyOf(head) : null;
    // Fingerprints that were made with another key are of no use.
    if (!found || Buffer.compare(found, key) !== 0) return { state: 'damaged', edition: 0 };
    const edition = head[editionWord] as number;
    const chunk = new Uint32Array(chunkWords);
    let total = 0;
    for (let at = headWords; ; ) {
      const read = await fill(handle, chunk, at * wordBytes);
      const [entries, upTo, sum] = chunk as unknown as [number, number, number];
      const end = chunkHeadWords + entries * entryWords;
      const good = read >= chunkHeadWords && end <= read && sum === checksum(chunk, end);
      // In the place of one that is damaged there was a whole one.
      at += good ? end : chunkWords;
      if (!good && read < chunkWords) return { state: 'damaged', edition };
      if (!good) continue;
      total += entries;
      if (entries === 0) return { state: upTo === total ? 'whole' : 'damaged', edition };
      set.copyIn(chunk.subarray(chunkHeadWords, end), nowMs);
    }
  } finally {
    await handle.close();
  }
}

function headWith(key: Uint8Array, edition: number): Uint32Array {
  const head = new Uint32Array(headWords);
  const bytes = bytesOf(head);
  bytes.set(magic);
  head[formatWord] = format;
  head[entryWordsWord] = entryWords;
  bytes.set(key, keyByte);
  head[editionWord] = edition;
  head[headWords - 1] = headChecksum(head);
  return head;
}

/** null = it is none that this version can read. */
function keyOf(head: Uint32Array): Uint8Array | null {
  const bytes = bytesOf(head);
  const readable =
    magic.equals(bytes.subarray(0, magic.length)) &&
    head[formatWord] === format &&
    head[entryWordsWord] === entryWords &&
    head[headWords - 1] === headChecksum(head);
  return readable ? new Uint8Array(bytes.subarray(keyByte, keyByte + keyBytes)) : null;
}

const headChecksum = (head: Uint32Array): number => crc32(bytesOf(head.subarray(0, headWords - 1)));

/** Of a chunk, all but the word that it stands in. */
function checksum(chunk: Uint32Array, end: number): number {
  return crc32(bytesOf(chunk.subarray(chunkHeadWords, end)), crc32(bytesOf(chunk.subarray(0, chunkHeadWords - 1))));
}

/** Reads as many whole words as there are from a place in the file, in bytes. */
async function fill(handle: FileHandle, words: Uint32Array, from: number): Promise<number> {
  const bytes = bytesOf(words);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return Math.floor(length / wordBytes);
}

function bytesOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}
