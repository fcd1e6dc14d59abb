/**
 * The access log: one JSON object a line, written in blocks so that no request waits for the disk. It holds no
 * credentials and no query, which may carry some.
 */
import { closeSync, openSync, write } from 'node:fs';
import type { Exchange } from '../exchange.ts';

/** A block is written when it has this many characters, or after this many milliseconds. */
const blockSize = 65_536;
const interval = 200;
/** What may wait while the disk is slow; lines beyond are dropped and counted. */
const maxWaiting = 8 * 1024 * 1024;

export class AccessLog {
  readonly #file: number | null;
  #waiting = '';
  #writing = false;
  #timer: NodeJS.Timeout | null = null;
  /** Lines that were lost because the disk could not keep up. */
  dropped = 0;

  /** @param path where to append; null = no access log */
  constructor(path: string | null) {
    this.#file = path === null ? null : openSync(path, 'a', 0o640);
  }

  write(x: Exchange, ended: number): void {
    if (this.#file === null) return;
    if (this.#waiting.length > maxWaiting) {
      this.dropped++;
      return;
    }
    this.#waiting += line(x, ended);
    if (this.#waiting.length > blockSize) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), interval).unref();
  }

  /** Writes what waits, then closes. */
  async close(): Promise<void> {
    if (this.#file === null) return;
    while (this.#waiting !== '' || this.#writing) {
      this.#flush();
      await new Promise((resolve) => setImmediate(resolve));
    }
    closeSync(this.#file);
  }

  #flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#writing || this.#waiting === '' || this.#file === null) return;
    const block = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#writing = true;
    this.#append(block, 0);
  }

  #append(block: Buffer, from: number): void {
    write(this.#file as number, block, from, block.length - from, null, (error, written) => {
      if (!error && from + written < block.length) return this.#append(block, from + written);
      if (error) this.dropped++;
      this.#writing = false;
      if (this.#waiting.length > blockSize) this.#flush();
      else if (this.#waiting !== '') this.#timer ??= setTimeout(() => this.#flush(), interval).unref();
    });
  }
}

function line(x: Exchange, ended: number): string {
  const { wire, route, principal } = x;
  const query = wire.target.indexOf('?');
  return `${JSON.stringify({
    time: new Date(x.now).toISOString(),
    client: wire.remoteAddress,
    method: wire.method,
    path: query === -1 ? wire.target : wire.target.slice(0, query),
    status: x.status,
    ms: Number((ended - x.started).toFixed(2)),
    backendMs: x.backendStarted === 0 ? undefined : Number((ended - x.backendStarted).toFixed(2)),
    api: route?.api.api.name,
    version: route?.api.api.version,
    consumerKey: principal?.consumerKey ?? undefined,
    user: principal?.subject,
    fault: x.fault?.kind.code,
    failure: x.failure ?? undefined,
  })}\n`;
}
