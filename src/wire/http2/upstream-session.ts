/** One connection to a back end in HTTP/2. It has been made when the peer's SETTINGS are there. */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Exchange } from '../net/exchange.ts';
import { answerWindow, longestHead } from './limits.ts';
import { codes, nodeHttp2 } from './node-http2.ts';
import type { Http2Upstream } from './upstream.ts';
import { UpstreamStream } from './upstream-stream.ts';

/** Bytes of an answer's head at most, as RFC 9113 6.5.2 counts them. */
const maxAnswerHead = 65_536;

export class UpstreamSession {
  readonly socket: Socket;
  readonly #upstream: Http2Upstream;
  readonly #streams = new Set<UpstreamStream>();
  #session: ClientHttp2Session | null = null;
  #state: 'connecting' | 'open' | 'retired' | 'over' = 'connecting';
  /** Requests that the peer takes at the same time. */
  #maxStreams = 0;
  /** Has it carried a request? */
  #used = false;
  #quiet = 0;
  /** The last request that the peer says it has looked at. */
  lastProcessed = Number.POSITIVE_INFINITY;

  constructor(upstream: Http2Upstream) {
    this.#upstream = upstream;
    const { whom, options } = upstream;
    const offered = options.http2 === 'only' ? ['h2'] : ['h2', 'http/1.1'];
    this.socket = whom.isTls ? whom.connectTls(offered) : connect({ host: whom.host, port: whom.port, noDelay: true });
    this.socket.once(whom.isTls ? 'secureConnect' : 'connect', () => this.#connected());
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.#ended());
  }

  get hasRoom(): boolean {
    return this.#state === 'open' && this.#streams.size < this.#maxStreams && this.#session?.closed === false;
  }

  get isBusy(): boolean {
    return this.#streams.size > 0;
  }

  #connected(): void {
    const { whom, options } = this.#upstream;
    if (whom.isTls && (this.socket as TLSSocket).alpnProtocol !== 'h2') {
      this.#state = 'over';
      this.socket.destroy();
      if (options.http2 === 'only') this.#upstream.forget(this);
      else this.#upstream.speaksHttp1(this);
      return;
    }
    const settings = { enablePush: false, initialWindowSize: answerWindow, maxHeaderListSize: maxAnswerHead };
    // Its types know the last one for servers only.
    const common = {
      createConnection: () => this.socket,
      settings,
      maxSendHeaderBlockLength: longestHead,
      strictSingleValueFields: false,
    };
    const session = nodeHttp2().connect(options.origin, common);
    this.#session = session;
    session.on('remoteSettings', ({ maxConcurrentStreams }) => this.#allowed(maxConcurrentStreams));
    session.on('goaway', (_code, lastStream) => {
      this.lastProcessed = lastStream;
      this.retire();
    });
    // Streams that end with it tell their exchanges; what else there is of it ends with the socket.
    session.on('error', () => this.socket.destroy());
    session.on('close', () => this.socket.destroy());
  }

  #allowed(maxStreams = Number.POSITIVE_INFINITY): void {
    this.#maxStreams = maxStreams;
    if (this.#state === 'connecting') this.#state = 'open';
    this.#upstream.serveWaiting(this);
  }

  begin(exchange: Exchange): void {
    if (exchange.isOver) return;
    const isReused = this.#used;
    this.#used = true;
    this.#quiet = 0;
    this.#streams.add(new UpstreamStream(this, exchange, this.#upstream, isReused));
  }

  /** @throws if a field is none that HTTP/2 has */
  request(fields: string[], endStream: boolean): ClientHttp2Stream {
    return (this.#session as ClientHttp2Session).request(fields, { endStream });
  }

  /** A stream has ended. */
  release(stream: UpstreamStream): void {
    this.#streams.delete(stream);
    this.#quiet = 0;
    if (this.#state === 'open') this.#upstream.serveWaiting(this);
    else if (this.#state === 'retired' && this.#streams.size === 0) this.close();
  }

  /** Nothing came on it for the whole time of a request: the next one would wait in vain too. */
  suspect(bytesRead: number): void {
    if (this.socket.bytesRead === bytesRead) this.retire();
  }

  retire(): void {
    if (this.#state !== 'open') return;
    this.#state = 'retired';
    this.#upstream.retire(this);
    if (this.#streams.size === 0) this.close();
  }

  close(): void {
    if (this.#session && !this.#session.destroyed) this.#session.close();
    else this.socket.destroy();
  }

  watch(interval: number): void {
    for (const stream of this.#streams) stream.watch(interval);
    if (this.#streams.size > 0) return;
    this.#quiet += interval;
    const { connectTimeout, idleTimeout } = this.#upstream.options;
    if (this.#quiet < (this.#state === 'connecting' ? connectTimeout : idleTimeout)) return;
    // One that was asked to end and does not is cut.
    if (this.#state === 'open') {
      this.#quiet = 0;
      this.retire();
    } else this.socket.destroy();
  }

  #ended(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#session?.destroy(undefined, codes.none);
    for (const stream of this.#streams) stream.lost();
    this.#upstream.forget(this);
  }
}
