/** Reads a backup line by line, and believes it to the end only if the end says so. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { LineError, LineSplitter } from '../../../platform/line-splitter.ts';
import { type BackupEnd, BackupError, type BackupLine, formatName, formatVersion } from './format.ts';

/** Bytes of a line at most: documents can be large. */
const maxLine = 256 * 1024 * 1024;

/**
 * The lines of a backup. The iteration throws, at the latest at its end, if the file is not what was written.
 * @throws BackupError
 */
export async function* readBackup(file: string): AsyncGenerator<BackupLine> {
  const damaged = (why: string): BackupError => new BackupError(`${file} is damaged: ${why}`);
  const hash = createHash('sha256');
  let end: BackupEnd | null = null;
  let first = true;
  let rows = 0;
  try {
    for await (const text of linesOf(file)) {
      if (end) throw damaged('it goes on after its end');
      const value = parse(text);
      if (first) checkFormat(value, file);
      first = false;
      if (isEnd(value)) {
        end = value;
        continue;
      }
      if (!isLine(value)) throw damaged(`a line begins with ${JSON.stringify(text.slice(0, 40))}`);
      hash.update(`${text}\n`);
      if (value.type === 'row') rows += 1;
      yield value;
    }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code.startsWith('Z_') || error instanceof LineError) {
      if (first) throw notOurs(file);
      throw damaged(message);
    }
    if (['ENOENT', 'EACCES', 'EISDIR'].includes(code)) throw new BackupError(`${file} can't be read: ${message}`);
    throw error;
  }
  if (first) throw notOurs(file);
  if (!end) throw damaged('it has no end');
  if (end.rows !== rows) throw damaged(`expected ${end.rows} rows, got ${rows}`);
  if (end.sha256 !== hash.digest('hex')) throw damaged('its checksum is another one');
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const gunzip = createGunzip();
  const reading = pipeline(createReadStream(file), gunzip);
  // What fails here is what the iteration below throws.
  reading.catch(() => {});
  const splitter = new LineSplitter(maxLine);
  for await (const chunk of gunzip) yield* splitter.push(chunk as Buffer);
  await reading;
  if (splitter.pending > 0) yield '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function checkFormat(value: unknown, file: string): void {
  const { type, header } = (value ?? {}) as { type?: unknown; header?: { format?: unknown; version?: unknown } };
  if (type !== 'header' || header?.format !== formatName) throw notOurs(file);
  if (header.version !== formatVersion) {
    throw new BackupError(
      `${file} has version ${String(header.version)} of the form of backups; this Postern reads version ${formatVersion}: restore it with the Postern that wrote it, or a newer one`,
    );
  }
}

const notOurs = (file: string): BackupError => new BackupError(`${file} is no backup of Postern`);

function isEnd(value: unknown): value is BackupEnd {
  const { rows, sha256 } = (value ?? {}) as Partial<BackupEnd>;
  return typeof rows === 'number' && typeof sha256 === 'string';
}

function isLine(value: unknown): value is BackupLine {
  const line = (value ?? {}) as Record<string, unknown>;
  switch (line.type) {
    case 'header':
      return typeof line.header === 'object' && line.header !== null;
    case 'file':
      return typeof line.path === 'string' && typeof line.content === 'string';
    case 'table':
      return typeof line.table === 'string' && Array.isArray(line.columns);
    case 'row':
      return Array.isArray(line.row);
    default:
      return false;
  }
}
