/** One connection to a back end: it reads answers for one exchange at a time. */
import type { Socket } from 'node:net';
import { ChunkReader } from './chunks.ts';
import type { Answering, Exchange } from './exchange.ts';
import { isAnswerFramed, keepsAlive } from './framing.ts';
import { Head, mayEnd } from './head.ts';
import { ReadBuffers, sharedSize } from './read-buffers.ts';
import type { NetTunnel } from './tunnel.ts';
import { agreesTo } from './upgrade.ts';
import type { NetUpstream } from './upstream.ts';

const maxAnswerHead = 32_768;
/** Informational answers before the final one (RFC 9110 15.2): nobody has a use for more. */
export const maxInforming = 100;

export class UpstreamSocket implements Answering {
  readonly socket: Socket;
  readonly #upstream: NetUpstream;
  #exchange: Exchange | null;
  #state: 'connecting' | 'idle' | 'head' | 'body' | 'tunnel' = 'connecting';
  /** What it carries since it switched to another protocol. */
  #tunnel: NetTunnel | null = null;
  readonly #head = new Head();
  readonly #buffers = new ReadBuffers(() => this.resume());
  #stash: Buffer | null = null;
  /** Bytes of the body to come; -1 = until the connection ends. */
  #left = 0;
  #chunks: ChunkReader | null = null;
  #keepAlive = true;
  /** Informational answers of this exchange. */
  #informed = 0;
  /** Bytes of the body so far, beyond what came with the head. */
  #large = 0;
  /** Has it carried a request before this one? */
  #used = false;
  #quiet = 0;
  /** Only what has come already is still to be read. */
  #isUnwritable = false;

  constructor(upstream: NetUpstream, exchange: Exchange) {
    this.#upstream = upstream;
    this.#exchange = exchange;
    this.socket = upstream.connect(
      this.#buffers.readerFor(
        (bytes) => this.#read(bytes),
        () => this.#unwritable(),
      ),
    );
    this.socket.once(upstream.isTls ? 'secureConnect' : 'connect', () => {
      this.#state = 'idle';
      const waiting = this.#exchange;
      this.#exchange = null;
      if (waiting) this.begin(waiting);
      else upstream.release(this);
    });
    this.socket.on('drain', () => {
      this.#quiet = 0;
      this.#exchange?.upstreamDrained();
    });
    this.socket.on('error', () => {});
    this.socket.on('end', () => {
      if (!this.#tunnel) this.#ended();
    });
    this.socket.on('close', () => this.#ended());
  }

  get isAlive(): boolean {
    return !this.socket.destroyed && this.socket.writable;
  }

  begin(exchange: Exchange): void {
    if (exchange.isOver) {
      this.#upstream.release(this);
      return;
    }
    this.#exchange = exchange;
    this.#state = 'head';
    this.#informed = 0;
    this.#quiet = 0;
    exchange.connected(this, this.#used);
    this.#used = true;
  }

  abandon(): void {
    this.#exchange = null;
    this.socket.destroy();
  }

  close(): void {
    this.socket.destroy();
  }

  resume(): void {
    this.socket.resume();
  }

  touched(): void {
    this.#quiet = 0;
  }

  watch(interval: number): void {
    this.#quiet += interval;
    const { options } = this.#upstream;
    if (this.#state === 'idle') {
      if (this.#quiet >= options.idleTimeout) this.socket.destroy();
    } else if (this.#state === 'connecting') {
      if (this.#quiet >= options.connectTimeout) this.socket.destroy();
    } else if (this.#exchange && this.#quiet >= this.#exchange.timeout && !this.socket.isPaused()) {
      // It waits for the client, unless the back end does not take what is there.
      if (this.#state === 'head' && !this.#exchange.isSent && !this.socket.writableNeedDrain) return;
      this.#fail('timeout');
    } else if (this.#isUnwritable && this.#quiet >= 2 * interval && !this.socket.isPaused()) this.#fail('closed');
  }

  /** The back end has closed: an answer that it gave before is there by the next turn of the event loop. */
  #unwritable(): void {
    this.#isUnwritable = true;
    const look = (): void => {
      if (this.#state !== 'body' && !this.#stash) this.#fail('closed');
    };
    setImmediate(() => setImmediate(look));
  }

  #fail(failure: 'timeout' | 'malformed' | 'closed' | 'unreachable'): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.socket.destroy();
    exchange?.failed(failure);
  }

  #ended(): void {
    if (this.#exchange && this.#state === 'body' && this.#left === -1 && !this.#chunks && !this.socket.errored) {
      this.#keepAlive = false;
      this.#complete();
    } else this.#fail(this.#state === 'connecting' ? 'unreachable' : 'closed');
    this.#upstream.forget(this);
    this.socket.destroy();
  }

  #read(fresh: Buffer): void {
    this.#quiet = 0;
    if (this.#state === 'body') {
      this.#body(fresh, 0);
      return;
    }
    if (this.#tunnel) {
      this.#tunnel.takeFromUpstream(fresh);
      return;
    }
    if (this.#state !== 'head' || !this.#exchange) {
      // Bytes that nobody asked for would be taken for the next answer.
      this.#fail('malformed');
      return;
    }
    const soFar = this.#stash;
    const bytes = soFar ? Buffer.concat([soFar, fresh]) : fresh;
    this.#stash = null;
    if (soFar && bytes.length <= maxAnswerHead && !mayEnd(soFar, fresh)) this.#stash = bytes;
    else this.#heads(bytes);
  }

  /** Informational heads, and the final one. */
  #heads(bytes: Buffer): void {
    const head = this.#head;
    const exchange = this.#exchange as Exchange;
    let rest = bytes;
    for (;;) {
      const parsed = head.parseAnswer(rest);
      if (parsed === 'incomplete' && rest.length <= maxAnswerHead) {
        this.#stash = Buffer.from(rest);
        return;
      }
      if (parsed !== 'complete' || head.end > maxAnswerHead || !isAnswerFramed(head) || !this.#isDue(head, exchange)) {
        this.#fail('malformed');
        return;
      }
      if (head.status >= 200) {
        this.#answer(head, rest, exchange);
        return;
      }
      if (head.status === 101) {
        this.#switch(head, rest, exchange);
        return;
      }
      if (head.status !== 100) exchange.inform(head);
      if (head.end === rest.length) return;
      rest = rest.subarray(head.end);
    }
  }

  #isDue(head: Head, exchange: Exchange): boolean {
    if (head.status >= 200) return true;
    const asked = exchange.askedUpgrade;
    return head.status === 101 ? asked !== null && agreesTo(head, asked, exchange) : ++this.#informed <= maxInforming;
  }

  #answer(head: Head, bytes: Buffer, exchange: Exchange): void {
    const isBodiless = exchange.method === 'HEAD' || head.status === 204 || head.status === 304;
    const isChunked = head.codings > 0;
    this.#chunks = isChunked && !isBodiless ? new ChunkReader() : null;
    this.#left = isBodiless ? 0 : isChunked ? -1 : head.contentLength;
    this.#keepAlive = (this.#left >= 0 || isChunked) && keepsAlive(head);
    this.#state = 'body';
    const length = isBodiless || !isChunked ? head.contentLength : -1;
    const rest = bytes.length - head.end;
    const there = this.#chunks ? 0 : this.#left < 0 ? rest : Math.min(rest, this.#left);
    const flows = exchange.answer(head, length, isBodiless, this.#left, there);
    if (this.#exchange !== exchange) return;
    if (this.#chunks) {
      if (!flows) this.socket.pause();
      this.#body(bytes, head.end);
    } else this.#passed(there, rest, flows);
  }

  #switch(head: Head, bytes: Buffer, exchange: Exchange): void {
    this.#exchange = null;
    this.#state = 'tunnel';
    this.#tunnel = exchange.switched(head, this.socket);
    if (head.end < bytes.length) this.#tunnel.takeFromUpstream(bytes.subarray(head.end));
  }

  #body(bytes: Buffer, from: number): void {
    const exchange = this.#exchange as Exchange;
    const chunks = this.#chunks;
    if (!chunks) {
      const to = this.#left < 0 ? bytes.length : Math.min(bytes.length, from + this.#left);
      const flows = to === from || exchange.content(bytes, from, to, this.#buffers.current);
      if (this.#exchange === exchange) this.#passed(to - from, bytes.length - from, flows);
      return;
    }
    let flows = true;
    const stop = chunks.read(bytes, from, (start, end) => {
      // Each piece has to have gone before anything is read into its place, not only the last.
      flows = exchange.content(bytes, start, end, this.#buffers.current) && flows;
    });
    if (this.#exchange !== exchange) return;
    if (stop < 0) this.#fail('malformed');
    else if (chunks.isDone) {
      if (stop < bytes.length) this.#keepAlive = false;
      this.#complete();
    } else this.#awaitMore(bytes.length - from, flows);
  }

  /** So many bytes of a body that isn't chunked went to the client, of those that there were. */
  #passed(count: number, there: number, flows: boolean): void {
    if (count < there) this.#keepAlive = false;
    if (this.#left >= 0 && (this.#left -= count) === 0) this.#complete();
    else this.#awaitMore(count, flows);
  }

  /** @param count bytes of the body that came now */
  #awaitMore(count: number, flows: boolean): void {
    this.#large += count;
    // What is being sent to the client stays as it is until it has gone, for nothing is read meanwhile.
    const isLarge = this.#left > sharedSize || this.#large > sharedSize;
    if (isLarge && !this.#upstream.isTls) this.#buffers.useLarge();
    if (!flows) this.socket.pause();
  }

  #complete(): void {
    const exchange = this.#exchange as Exchange;
    this.#exchange = null;
    this.#chunks = null;
    if (this.#large > 0) this.#buffers.useShared();
    this.#large = 0;
    const reusable = this.#keepAlive && exchange.isSent && !this.#isUnwritable;
    this.#state = 'idle';
    this.#quiet = 0;
    if (this.socket.isPaused()) this.socket.resume();
    if (reusable) this.#upstream.release(this);
    exchange.completed();
    if (!reusable) this.socket.destroy();
  }
}
