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

/** As `JSON.stringify` of an object with these members would be, at a third of its cost. */
function line(x: Exchange, ended: number): string {
  const { wire, route, principal } = x;
  const query = wire.target.indexOf('?');
  const path = query === -1 ? wire.target : wire.target.slice(0, query);
  let text = `{"time":"${timeOf(x.now)}","client":${quoted(wire.remoteAddress)},"method":${quoted(wire.method)}`;
  text += `,"path":${quoted(path)},"status":${x.status},"ms":${hundredths(ended - x.started)}`;
  if (x.backendStarted !== 0) text += `,"backendMs":${hundredths(ended - x.backendStarted)}`;
  if (route) text += `,"api":${quoted(route.api.api.name)},"version":${quoted(route.api.api.version)}`;
  if (principal !== null) {
    if (principal.consumerKey !== null) text += `,"consumerKey":${quoted(principal.consumerKey)}`;
    text += `,"user":${quoted(principal.subject)}`;
  }
  if (x.fault) text += `,"fault":${x.fault.kind.code}`;
  if (x.failure !== null) text += `,"failure":"${x.failure}"`;
  return `${text}}\n`;
}

/** Characters that stand for themselves in a JSON string. */
const plain = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

function hundredths(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

let second = -1;
let untilSecond = '';

/** RFC 3339 with milliseconds; all but these is the same for a second. */
function timeOf(now: number): string {
  const its = Math.floor(now / 1000);
  if (its !== second) {
    second = its;
    untilSecond = new Date(its * 1000).toISOString().slice(0, -4);
  }
  return `${untilSecond}${String(Math.floor(now) % 1000).padStart(3, '0')}Z`;
}
