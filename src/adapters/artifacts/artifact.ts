/**
 * An artifact: what `postern build` makes and a microgateway runs. The snapshot form (`core/snapshot.ts`), one JSON value a
 * line: a header with the hash of the content as epoch, the entities, and a last line with their number.
 */
import { createHash } from 'node:crypto';
import { type EntityChange, entityKinds, type SnapshotHeader } from '../../core/snapshot.ts';
import { replaceFile } from '../../platform/durable-file.ts';
import { OperatorError } from '../../platform/operator-error.ts';
import { readBounded } from '../../platform/read-bounded.ts';
import { wrongWith } from './check-entity.ts';

export interface Artifact {
  /** Hexadecimal SHA-256 of the entities' lines: equal for equal content, whenever and wherever it was built. */
  readonly hash: string;
  readonly entities: readonly EntityChange[];
}

/** A file is no artifact, or is none any more. */
export class ArtifactError extends OperatorError {
  override name = 'ArtifactError';
  override readonly exitCode = 2;
}

/** Bytes of a file at most: tens of thousands of APIs. */
const maxSize = 256 << 20;

interface End {
  readonly type: 'end';
  readonly count: number;
}

/**
 * Puts an artifact in the place of `file`, whole or not at all. The folder has to be there.
 *
 * @returns its hash
 */
export function writeArtifact(file: string, entities: Iterable<EntityChange>): string {
  const lines = [...entities].sort(inOrder).map(({ kind, id, value }) => `${JSON.stringify({ kind, id, value })}\n`);
  const content = lines.join('');
  const hash = hashOf(content);
  const header: SnapshotHeader = { format: 1, epoch: hash, number: 0 };
  const end: End = { type: 'end', count: lines.length };
  replaceFile(file, `${JSON.stringify(header)}\n${content}${JSON.stringify(end)}\n`);
  return hash;
}

/** @throws ArtifactError that says what is wrong with the file */
export function readArtifact(file: string): Artifact {
  const text = read(file);
  const first = text.indexOf('\n');
  const header = first < 0 ? null : (parse(text.slice(0, first)) as Partial<SnapshotHeader> | null);
  if (typeof header?.format !== 'number' || typeof header.epoch !== 'string') {
    throw new ArtifactError(`${file} is no artifact; expected is a file that 'postern build' wrote`);
  }
  if (header.format !== 1) {
    throw new ArtifactError(`${file} has format ${header.format}, this version reads format 1; build it anew`);
  }
  const last = text.lastIndexOf('\n', text.length - 2);
  const end = text.endsWith('\n') && last >= first ? (parse(text.slice(last + 1)) as Partial<End> | null) : null;
  if (end?.type !== 'end') throw new ArtifactError(`${file} is cut off; build it anew, or copy it again`);
  const content = text.slice(first + 1, last + 1);
  const damaged = (): ArtifactError =>
    new ArtifactError(
      `${file} is damaged: its content is not what its hash was made of; build it anew, or copy it again`,
    );
  if (hashOf(content) !== header.epoch) throw damaged();
  const entities = content.split('\n').slice(0, -1).map(parse);
  if (entities.length !== end.count) throw damaged();
  for (const entity of entities) {
    const wrong = wrongWith(entity);
    // Its hash is right, so that something else than this version wrote it.
    if (wrong !== null) throw new ArtifactError(`${file} can't be run: ${wrong}; build it anew by this version`);
  }
  return { hash: header.epoch, entities: entities as readonly EntityChange[] };
}

function read(file: string): string {
  try {
    return readBounded(file, { maxBytes: maxSize, anyKind: true }).toString('utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : message === 'it is a folder'
          ? "it is a folder; name the file in its 'target' folder"
          : message;
    throw new ArtifactError(`can't read the artifact ${file}: ${why}`);
  }
}

/** What is referred to comes first; the rest only has to be the same each time. */
function inOrder(a: EntityChange, b: EntityChange): number {
  return entityKinds.indexOf(a.kind) - entityKinds.indexOf(b.kind) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
