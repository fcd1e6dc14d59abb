/**
 * `GET /internal/data/v1/snapshot`: everything that a gateway needs, as newline-delimited JSON. A header line, one
 * entity a line, and a last line with their count: a snapshot without it is not whole.
 */
import { setImmediate } from 'node:timers/promises';
import type { ChangeLog } from '../adapters/stores/store.ts';
import { RestError } from '../platform/rest-error.ts';
import type { LineStream } from './line-stream.ts';

/** Snapshots sent at the same time; gateways beyond come again a moment later. */
const maxAtOnce = 4;
/** Characters written at once. */
const pieceSize = 64 * 1024;

export class Snapshots {
  readonly #changes: ChangeLog;
  #running = 0;

  constructor(changes: ChangeLog) {
    this.#changes = changes;
  }

  /** @param open begins the answer; it is not called when there are too many. */
  async send(open: () => LineStream): Promise<void> {
    if (this.#running >= maxAtOnce) {
      throw new RestError(503, 'Other gateways are fetching their snapshots; try again in a second.');
    }
    this.#running += 1;
    try {
      // The answer begins before the store is read: who asks knows that we live.
      const stream = open();
      try {
        const { header, entities } = await this.#changes.snapshot();
        stream.write(`${JSON.stringify(header)}\n`);
        let piece = '';
        let count = 0;
        for await (const entity of entities) {
          piece += `${JSON.stringify(entity)}\n`;
          count += 1;
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
      this.#running -= 1;
    }
  }
}
