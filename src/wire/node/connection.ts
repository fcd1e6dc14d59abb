/** A client's connection: what its requests share, whether it makes progress, and how it is closed. */
import type { Socket } from 'node:net';
import type { NodeExchange } from './exchange.ts';

/** Milliseconds that a client gets to read our last answer before its connection is cut. */
const lingerTime = 2_000;

const own = Symbol('connection');
type OwnedSocket = Socket & { [own]?: Connection };

export class Connection {
  readonly socket: Socket;
  readonly secure: boolean;
  readonly remoteAddress: string;
  /** Requests not yet answered, more than one only if the client pipelines. */
  readonly exchanges: NodeExchange[] = [];
  /** The next answer is the last. */
  ending = false;
  /** Bytes that moved, when last looked at. */
  #progress = 0;
  /** Milliseconds without progress while the client had to do something. */
  #quiet = 0;
  #lingers = false;
  /** `bytesRead` when the last exchange ended; -1 = there was none. */
  #readUntil = -1;

  constructor(socket: Socket, secure: boolean) {
    this.socket = socket;
    this.secure = secure;
    const address = socket.remoteAddress ?? '';
    this.remoteAddress = address.startsWith('::ffff:') ? address.slice(7) : address;
    (socket as OwnedSocket)[own] = this;
  }

  static of(socket: Socket): Connection | undefined {
    return (socket as OwnedSocket)[own];
  }

  get lingers(): boolean {
    return this.#lingers;
  }

  remove(exchange: NodeExchange): void {
    const at = this.exchanges.indexOf(exchange);
    if (at >= 0) this.exchanges.splice(at, 1);
    this.#readUntil = this.socket.bytesRead;
  }

  /**
   * Has it been used, and is nothing under way? Unlike `closeIdleConnections`, which also closes new connections whose
   * first request is still to be read.
   */
  get isIdle(): boolean {
    const { bytesRead, writableLength } = this.socket;
    return this.exchanges.length === 0 && writableLength === 0 && bytesRead === this.#readUntil;
  }

  /** Nothing more comes or goes: the requests under way have nobody to be answered to. */
  closed(): void {
    for (const exchange of this.exchanges.splice(0)) exchange.clientGone();
  }

  /**
   * What came could not be read. True = it may be answered: nothing is under way, or only the request that it is the
   * body of, which is given up.
   */
  spoil(): boolean {
    const [exchange, next] = this.exchanges;
    if (!exchange) return true;
    if (next || !exchange.isReceiving || exchange.isAnswered) return false;
    this.closed();
    return true;
  }

  /**
   * Called once per `interval` milliseconds. Cuts a connection whose client neither reads the answer nor sends its
   * request's body for `patience`. Looking from time to time costs nothing per request or chunk.
   */
  watch(interval: number, patience: number): void {
    for (const exchange of this.exchanges) exchange.watch(interval);
    const { socket } = this;
    const progress = socket.bytesRead + socket.bytesWritten - socket.writableLength;
    const onClient = socket.writableLength > 0 || this.exchanges.some((exchange) => exchange.awaitsBody);
    if (!onClient || progress !== this.#progress) {
      this.#progress = progress;
      this.#quiet = 0;
      return;
    }
    this.#quiet += interval;
    if (this.#quiet >= patience) socket.destroy();
  }

  /**
   * Lets the connection end after the answer that is being sent, although the client may still be sending. A plain
   * close would make the kernel answer those bytes with a reset, which can erase our answer before the client has
   * read it (RFC 9112 9.6); so our side is closed first and the rest read and thrown away for a while.
   */
  lingerAfterAnswer(): void {
    // What `node:http` calls when an answer with `connection: close` is complete.
    this.socket.destroySoon = () => this.linger();
  }

  linger(): void {
    const { socket } = this;
    if (this.#lingers || socket.destroyed) return;
    this.#lingers = true;
    socket.end();
    socket.removeAllListeners('data');
    socket.on('data', () => {});
    socket.on('end', () => socket.destroy());
    socket.resume();
    setTimeout(() => socket.destroy(), lingerTime).unref();
  }
}
