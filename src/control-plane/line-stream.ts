/** A long answer of newline-delimited JSON, with an eye on how much of it the reader has yet to take. */
import type { FastifyReply } from 'fastify';

/** Milliseconds that a reader may take nothing of what is written for it. */
const stallLimit = 30_000;

export class LineStream {
  readonly #response: FastifyReply['raw'];

  /** Takes the answer over from fastify and sends its head. */
  constructor(reply: FastifyReply) {
    reply.hijack();
    this.#response = reply.raw;
    // An error of a connection that its reader left is no news.
    this.#response.on('error', () => {});
    // `close`: after an endless answer the connection is of no more use, and shutdown need not look for it.
    this.#response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      connection: 'close',
    });
    this.#response.flushHeaders();
  }

  /** Bytes that were written and not yet taken by the kernel. */
  get buffered(): number {
    return this.#response.writableLength;
  }

  get open(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  /** Returns false when the reader is behind: a writer that can wait should, for `drained`. */
  write(lines: string): boolean {
    return this.#response.write(lines);
  }

  /** Resolves when everything written was taken, or the stream is closed: by its reader, or for taking nothing. */
  async drained(): Promise<void> {
    const response = this.#response;
    if (!response.writableNeedDrain || !this.open) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(limit);
        response.off('drain', done).off('close', done);
        resolve();
      };
      const limit = setTimeout(() => response.destroy(), stallLimit);
      response.on('drain', done).on('close', done);
    });
  }

  /** The answer is whole. */
  end(lastLine = ''): void {
    this.#response.end(lastLine);
  }

  /** Breaks the answer off; the reader notices that it is not whole. */
  cut(): void {
    this.#response.destroy();
  }

  onClose(listener: () => void): void {
    this.#response.once('close', listener);
  }
}
