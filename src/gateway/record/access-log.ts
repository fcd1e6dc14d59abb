/**
 * The access log: one JSON object a line, written in blocks so that no request waits for the disk. It holds no
 * credentials and no query, which may carry some.
 */
import { closeSync, constants, openSync, write } from 'node:fs';
import type { EventLog } from '../../platform/log.ts';
import type { Exchange } from '../exchange.ts';

/** A block is written when it is full, or after this many milliseconds. */
const blockSize = 65_536;
const interval = 200;
/** Blocks that may wait while the disk is slow; lines beyond are dropped and counted. */
const maxWaiting = 128;

/** Milliseconds until a reader that does not keep up (of a pipe, of a terminal) is asked again. */
const patience = 2;

/**
 * A pipe that is full must not hold a thread of the system's pool: all threads' logs together would hold all of it, and
 * nothing would be written, resolved or verified any more. Of a file it makes no difference.
 */
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
const appending = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

const newline = Buffer.from('\n');

export class AccessLog {
  readonly #file: number | null;
  readonly #log: Pick<EventLog, 'error' | 'warn'>;
  /** Lines as bytes: as text until there is a block of them, they would keep the garbage collector busy. */
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  /** Blocks that wait to be written, the first of which is being written. */
  readonly #waiting: Buffer[] = [];
  #timer: NodeJS.Timeout | null = null;
  /** Lines that were lost because the disk was full, or could not keep up. */
  dropped = 0;
  /** Are lines being lost? It is said when that begins and when it ends. */
  #loses = false;
  /** Does the file end within a line? */
  #isTorn = false;

  /**
   * @param path where to append; null = no access log
   * @param log where it is said that lines are lost
   */
  constructor(path: string | null, log: Pick<EventLog, 'error' | 'warn'>) {
    this.#log = log;
    this.#file = path === null ? null : openSync(path, appending, 0o640);
  }

  write(x: Exchange, ended: number): void {
    if (this.#file === null) return;
    if (this.#waiting.length >= maxWaiting) {
      this.#lose(1, 'the disk does not keep up');
      return;
    }
    const text = line(x, ended);
    // No character has more than three bytes in UTF-8.
    if (this.#used + 3 * text.length > this.#block.length) this.#next(3 * text.length);
    this.#used += this.#block.write(text, this.#used);
    this.#timer ??= setTimeout(() => this.#flush(), interval).unref();
  }

  /** Writes what waits, then closes. */
  async close(): Promise<void> {
    if (this.#file === null) return;
    this.#flush();
    while (this.#waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    closeSync(this.#file);
  }

  #next(needed: number): void {
    this.#flush();
    this.#block = Buffer.allocUnsafeSlow(Math.max(blockSize, needed));
  }

  #flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#used === 0) return;
    this.#waiting.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
    if (this.#waiting.length === 1) this.#begin(this.#waiting[0] as Buffer);
  }

  #append(block: Buffer, from: number): void {
    write(this.#file as number, block, from, block.length - from, null, (error, written) => {
      if (!error && from + written < block.length) return this.#append(block, from + written);
      if (error?.code === 'EAGAIN') return void setTimeout(() => this.#append(block, from), patience);
      if (error) this.#lose(linesFrom(block, from), error.message);
      else if (this.#loses && this.#waiting.length < maxWaiting) {
        this.#loses = false;
        this.#log.warn({ dropped: this.dropped }, 'the access log is written again');
      }
      this.#isTorn = error !== null && (from > 0 || this.#isTorn);
      this.#waiting.shift();
      const [next] = this.#waiting;
      if (next) this.#begin(next);
    });
  }

  #begin(block: Buffer): void {
    this.#append(this.#isTorn ? Buffer.concat([newline, block]) : block, 0);
  }

  #lose(lines: number, reason: string): void {
    this.dropped += lines;
    if (this.#loses) return;
    this.#loses = true;
    this.#log.error({ reason }, 'the access log can not be written: lines are lost');
  }
}

function linesFrom(block: Buffer, from: number): number {
  let lines = 0;
  for (let at = block.indexOf(newline, from); at >= 0; at = block.indexOf(newline, at + 1)) lines++;
  return lines;
}

/** As `JSON.stringify` of an object with these members would be, at a third of its cost. */
function line(x: Exchange, ended: number): string {
  const { wire, route, principal } = x;
  const query = wire.target.indexOf('?');
  const path = query === -1 ? wire.target : wire.target.slice(0, query);
  let text = `{"time":"${timeOf(x.now)}","client":${quoted(x.clientAddress)},"method":${quoted(wire.method)}`;
  text += `,"path":${quoted(path)},"status":${x.status},"ms":${hundredths(ended - x.started)}`;
  if (x.backendStarted !== 0) text += `,"backendMs":${hundredths(ended - x.backendStarted)}`;
  if (wire.tunnel) text += `,"fromClient":${wire.tunnel.fromClient},"fromBackend":${wire.tunnel.fromUpstream}`;
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
