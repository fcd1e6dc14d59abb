/** Connections to a back end: a stack of idle ones, each of which reads answers for one exchange at a time. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { ClientCertificate, Upstream, UpstreamOptions } from '../wire.ts';
import { ChunkReader } from './chunks.ts';
import type { NetExchange } from './exchange.ts';
import { Head } from './head.ts';

const sweepInterval = 100;
const maxAnswerHead = 32_768;
/** All connections read into this one; what must outlive the call is copied. */
const shared = Buffer.allocUnsafeSlow(65_536);

export class NetUpstream implements Upstream {
  readonly origin: string;
  readonly options: UpstreamOptions;
  readonly authority: string;
  readonly #url: URL;
  #context: SecureContext | undefined;
  readonly #idle: UpstreamSocket[] = [];
  readonly #waiting: NetExchange[] = [];
  readonly #open = new Set<UpstreamSocket>();
  #closed = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: UpstreamOptions) {
    this.options = options;
    this.origin = options.origin;
    this.#url = new URL(options.origin);
    this.authority = this.#url.host;
    if (this.#url.protocol === 'https:') this.#context = contextOf(options);
  }

  get isTls(): boolean {
    return this.#context !== undefined;
  }

  /** Takes a request: over a connection at once, over a new one, or when one becomes free. */
  dispatch(exchange: NetExchange): void {
    this.#sweep ??= setInterval(() => this.#watch(), sweepInterval).unref();
    for (let socket = this.#idle.pop(); socket; socket = this.#idle.pop()) {
      if (socket.isAlive) {
        socket.begin(exchange);
        return;
      }
    }
    const { maxConnections } = this.options;
    if (maxConnections > 0 && this.#open.size >= maxConnections) this.#waiting.push(exchange);
    else this.#open.add(new UpstreamSocket(this, exchange));
  }

  connect(onRead: (bytes: Buffer) => void): Socket {
    const host = this.#url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(this.#url.port) || (this.isTls ? 443 : 80);
    if (this.#context) {
      const socket = connectTls({
        host,
        port,
        secureContext: this.#context,
        servername: /^[\d.:]+$/.test(host) ? '' : host,
      });
      socket.setNoDelay(true);
      socket.on('data', onRead);
      return socket;
    }
    const callback = (n: number): boolean => {
      onRead(shared.subarray(0, n));
      return true;
    };
    return connect({ host, port, noDelay: true, onread: { buffer: shared, callback } });
  }

  release(socket: UpstreamSocket): void {
    const next = this.#waiting.shift();
    if (next) socket.begin(next);
    else if (this.#closed) socket.close();
    else this.#idle.push(socket);
  }

  forget(socket: UpstreamSocket): void {
    this.#open.delete(socket);
    const at = this.#idle.indexOf(socket);
    if (at >= 0) this.#idle.splice(at, 1);
    const next = this.#waiting.shift();
    if (next) this.dispatch(next);
    if (this.#open.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
  }

  /** The exchange no longer wants a connection. */
  cancel(exchange: NetExchange): void {
    const at = this.#waiting.indexOf(exchange);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #watch(): void {
    for (const socket of this.#open) socket.watch(sweepInterval);
    for (const exchange of [...this.#waiting]) {
      if (!exchange.waitedTooLong(sweepInterval, this.options.connectTimeout)) continue;
      this.cancel(exchange);
      exchange.failed('unreachable');
    }
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#idle.splice(0)) socket.close();
  }

  present(clientCertificate: ClientCertificate): void {
    if (this.isTls) this.#context = contextOf({ ...this.options, clientCertificate });
    for (const socket of this.#idle.splice(0)) socket.close();
  }
}

function contextOf({ ca, clientCertificate }: UpstreamOptions): SecureContext {
  return createSecureContext({
    ...(ca ? { ca: [...getCACertificates('default'), ...ca] } : {}),
    ...clientCertificate,
  });
}

export class UpstreamSocket {
  readonly socket: Socket;
  readonly #upstream: NetUpstream;
  #exchange: NetExchange | null;
  #state: 'connecting' | 'idle' | 'head' | 'body' = 'connecting';
  readonly #head = new Head();
  #stash: Buffer | null = null;
  /** Bytes of the body to come; -1 = until the connection ends. */
  #left = 0;
  #chunks: ChunkReader | null = null;
  #keepAlive = true;
  /** Has it carried a request before this one? */
  #used = false;
  #quiet = 0;

  constructor(upstream: NetUpstream, exchange: NetExchange) {
    this.#upstream = upstream;
    this.#exchange = exchange;
    this.socket = upstream.connect((bytes) => this.#read(bytes));
    this.socket.once(upstream.isTls ? 'secureConnect' : 'connect', () => {
      this.#state = 'idle';
      const waiting = this.#exchange;
      this.#exchange = null;
      if (waiting) this.begin(waiting);
      else upstream.release(this);
    });
    this.socket.on('drain', () => this.#exchange?.upstreamDrained());
    this.socket.on('error', () => {});
    this.socket.on('end', () => this.#ended());
    this.socket.on('close', () => this.#ended());
  }

  get isAlive(): boolean {
    return !this.socket.destroyed && this.socket.writable && this.socket.readable;
  }

  begin(exchange: NetExchange): void {
    if (exchange.isOver) {
      this.#upstream.release(this);
      return;
    }
    this.#exchange = exchange;
    this.#state = 'head';
    this.#quiet = 0;
    exchange.connected(this, this.#used);
    this.#used = true;
  }

  /** The exchange wants no more of this. */
  abandon(): void {
    this.#exchange = null;
    this.socket.destroy();
  }

  close(): void {
    this.socket.destroy();
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
      if (this.#state === 'head' && !this.#exchange.isSent) return;
      this.#fail('timeout');
    }
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
    const bytes = this.#stash ? Buffer.concat([this.#stash, fresh]) : fresh;
    this.#stash = null;
    if (this.#state === 'body') {
      this.#body(bytes, 0);
      return;
    }
    if (this.#state !== 'head' || !this.#exchange) {
      // Bytes that nobody asked for would be taken for the next answer.
      this.#fail('malformed');
      return;
    }
    const head = this.#head;
    const parsed = head.parseAnswer(bytes);
    if (
      parsed === 'malformed' ||
      bytes.length > maxAnswerHead + 65_536 ||
      (parsed === 'incomplete' && bytes.length > maxAnswerHead)
    ) {
      this.#fail('malformed');
    } else if (parsed === 'incomplete') this.#stash = Buffer.from(bytes);
    else this.#answer(head, bytes);
  }

  #answer(head: Head, bytes: Buffer): void {
    const exchange = this.#exchange as NetExchange;
    if (head.status < 200) {
      if (head.status === 101) {
        this.#fail('malformed');
        return;
      }
      if (head.status !== 100) exchange.inform(head);
      if (head.end < bytes.length) this.#read(bytes.subarray(head.end));
      return;
    }
    const isBodiless = exchange.method === 'HEAD' || head.status === 204 || head.status === 304;
    const isChunked = head.codings > 0;
    if (head.contentLength === -2 || (isChunked && head.header('transfer-encoding')?.toLowerCase() !== 'chunked')) {
      this.#fail('malformed');
      return;
    }
    this.#chunks = isChunked && !isBodiless ? new ChunkReader() : null;
    this.#left = isBodiless ? 0 : isChunked ? -1 : head.contentLength;
    const connection = head.connectionLines > 0 ? (head.header('connection') as string).toLowerCase() : '';
    this.#keepAlive =
      this.#left >= 0 || isChunked
        ? head.minor === 1
          ? !/\bclose\b/.test(connection)
          : /\bkeep-alive\b/.test(connection)
        : false;
    this.#state = 'body';
    const length = isBodiless || !isChunked ? head.contentLength : -1;
    const whole = this.#left >= 0 && bytes.length - head.end >= this.#left;
    if (!exchange.answer(head, length, isBodiless, this.#left, whole)) {
      this.socket.pause();
    }
    if (this.#exchange !== exchange) return;
    if (whole) {
      if (bytes.length - head.end > this.#left) this.#keepAlive = false;
      this.#complete();
    } else this.#body(bytes, head.end);
  }

  #body(bytes: Buffer, from: number): void {
    const exchange = this.#exchange as NetExchange;
    let flows = true;
    if (this.#chunks) {
      const stop = this.#chunks.read(bytes, from, (start, end) => {
        flows = exchange.content(bytes, start, end);
      });
      if (this.#exchange !== exchange) return;
      if (stop < 0) this.#fail('malformed');
      else if (this.#chunks.isDone) {
        if (stop < bytes.length) this.#keepAlive = false;
        this.#complete();
        return;
      }
    } else {
      const to = this.#left < 0 ? bytes.length : Math.min(bytes.length, from + this.#left);
      if (to > from) flows = exchange.content(bytes, from, to);
      if (this.#exchange !== exchange) return;
      if (this.#left >= 0) {
        this.#left -= to - from;
        if (to < bytes.length) this.#keepAlive = false;
        if (this.#left === 0) {
          this.#complete();
          return;
        }
      }
    }
    if (!flows) this.socket.pause();
  }

  #complete(): void {
    const exchange = this.#exchange as NetExchange;
    this.#exchange = null;
    this.#chunks = null;
    const reusable = this.#keepAlive && exchange.isSent;
    this.#state = 'idle';
    this.#quiet = 0;
    if (this.socket.isPaused()) this.socket.resume();
    if (reusable) this.#upstream.release(this);
    exchange.completed();
    if (!reusable) this.socket.destroy();
  }
}
