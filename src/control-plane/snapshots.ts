/**
 * `GET /internal/data/v1/snapshot`: everything that a gateway needs, as newline-delimited JSON. A header line, one
 * entity a line, and a last line with their count: a snapshot without it is not whole. A reader that asks for it
 * (`?revocations=values`) gets revocations last, many a line, as their values alone: a million of them are read in half
 * the time.
 */
import { setImmediate } from 'node:timers/promises';
import type { ChangeLog, StoreSnapshot } from '../adapters/stores/store.ts';
import { RestError } from '../platform/rest-error.ts';
import type { LineStream } from './line-stream.ts';

/** Snapshots sent at the same time, and to the holders of one certificate; gateways beyond come again a moment later. */
const maxAtOnce = 4;
const maxToOne = 2;
/** Characters written at once. */
const pieceSize = 64 * 1024;
/** Revocations in one line: a reader is to have turns for other things. */
const valuesInLine = 500;

export class Snapshots {
  readonly #changes: ChangeLog;
  /** Certificates to which one is on its way, as often as there are some. */
  readonly #running: string[] = [];

  constructor(changes: ChangeLog) {
    this.#changes = changes;
  }

  /**
   * @param open begins the answer; it is not called when there are too many.
   * @param to fingerprint of the certificate that it is sent to: one that reads slowly does not keep out the others
   * @param values revocations may be sent as values
   */
  async send(open: () => LineStream, to: string, values: boolean): Promise<void> {
    if (this.#running.length >= maxAtOnce || this.#running.filter((one) => one === to).length >= maxToOne) {
      throw new RestError(503, 'Gateways are fetching their snapshots; try again in a second.');
    }
    this.#running.push(to);
    try {
      // The answer begins before the store is read: who asks knows that we live.
      const stream = open();
      try {
        const snapshot = await this.#changes.snapshot(values ? 'revocations' : undefined);
        stream.write(`${JSON.stringify(snapshot.header)}\n`);
        let piece = '';
        let count = 0;
        for await (const lines of linesOf(snapshot)) {
          piece += lines.text;
          count += lines.entities;
          if (piece.length < pieceSize) continue;
          // A reader that keeps up would otherwise leave no turn for anybody else.
          if (stream.write(piece)) await setImmediate();
          else await stream.drained();
          if (!stream.open) return;
          piece = '';
        }
        stream.end(`${piece}${JSON.stringify({ type: 'end', count })}\n`);
      } catch (error) {
        stream.cut();
        throw error;
      }
    } finally {
      this.#running.splice(this.#running.indexOf(to), 1);
    }
  }
}

/** Some lines, and how many entities they have. */
interface Lines {
  readonly text: string;
  readonly entities: number;
}

async function* linesOf({ entities, revocations }: StoreSnapshot): AsyncGenerator<Lines> {
  for await (const entity of entities) yield { text: `${JSON.stringify(entity)}\n`, entities: 1 };
  for await (const values of revocations ?? []) {
    for (let at = 0; at < values.length; at += valuesInLine) {
      const some = values.slice(at, at + valuesInLine);
      yield { text: `{"kind":"revocation","values":[${some.join(',')}]}\n`, entities: some.length };
    }
  }
}
