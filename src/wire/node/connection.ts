/** A client's connection: whose turn it is of its requests, whether it makes progress, and how it is closed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { ConnectedClient } from '../connected-client.ts';
import { isReceiving, usualSize } from './body.ts';
import type { NodeExchange } from './exchange.ts';

/** Milliseconds that a client gets to read our last answer before its connection is cut. */
const lingerTime = 2_000;
/**
 * Requests that wait for their turn before reading stops; more are there only if they came in the same piece. Not at
 * the first, because only a connection that is read shows that its client has left.
 */
const maxReadAhead = 16;

/** A request whose turn may be yet to come. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly expectsContinue: boolean;
}

/** Takes a request whose turn it is. */
export type Serve = (
  connection: Connection,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
) => void;

const own = Symbol('connection');
type OwnedSocket = Socket & { [own]?: Connection };

export class Connection extends ConnectedClient {
  /** The request under way: one at a time, however many the client pipelines (RFC 9112 9.3.2). */
  exchange: NodeExchange | null = null;
  /** The next answer is the last. */
  ending = false;
  /** Requests that it has carried. */
  requests = 0;
  readonly #serve: Serve;
  /** Requests that `node:http` has read ahead of their turn. */
  readonly #waiting: Arrival[] = [];
  /** The response whose turn it is, or was last: until all of it has left us, and `node:http` takes its socket away. */
  #turn: ServerResponse | null = null;
  /** `bytesRead` when the present request began; NaN = not known. */
  #beganAt = 0;
  #isHeld = false;
  #endsAfterWaiting = false;
  /** Bytes that moved, when last looked at. */
  #progress = 0;
  /** Milliseconds without progress while the client had to do something. */
  #quiet = 0;
  #lingers = false;
  /** `bytesRead` when the last exchange ended; -1 = there was none. */
  #readUntil = -1;

  constructor(socket: Socket, secure: boolean, serve: Serve) {
    super(socket, secure);
    this.#serve = serve;
    (socket as OwnedSocket)[own] = this;
  }

  static of(socket: Socket): Connection | undefined {
    return (socket as OwnedSocket)[own];
  }

  get lingers(): boolean {
    return this.#lingers;
  }

  /** A request has come: it is served now, or when those before it have been answered and the client took that. */
  receive(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    if (!this.socket.writable) return;
    const turn = this.#turn;
    if (turn === null || turn.socket === null) {
      if (this.#waiting.length === 0) {
        this.#beganAt = Math.max(0, this.#readUntil);
        this.#begin(request, response, expectsContinue);
        return;
      }
    } else if (this.#waiting.length === 0) turn.once('finish', this.#finished);
    this.#waiting.push({ request, response, expectsContinue });
    if (this.#waiting.length >= maxReadAhead) this.#hold();
  }

  #begin(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    this.#turn = response;
    this.#serve(this, request, response, expectsContinue);
  }

  /** Not at once: other connections have their turn before the next request of this one. */
  readonly #finished = (): void => void setImmediate(this.#next);

  readonly #next = (): void => {
    // RFC 9112 9.6: what was sent before the client saw `connection: close` is not processed.
    if (!this.socket.writable) this.#drop();
    const arrival = this.#waiting.shift();
    if (!arrival) return;
    if (this.#waiting.length > 0) arrival.response.once('finish', this.#finished);
    else {
      this.#release();
      if (this.#endsAfterWaiting) this.ending = true;
    }
    this.#beganAt = Number.NaN;
    this.#begin(arrival.request, arrival.response, arrival.expectsContinue);
  };

  /** Stops reading for good: `node:http` resumes the socket whenever somebody reads a body. */
  #hold(): void {
    if (this.#isHeld) return;
    const { socket } = this;
    this.#isHeld = true;
    socket.pause();
    socket.resume = () => socket;
  }

  #release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.socket.resume = Socket.prototype.resume;
    this.socket.resume();
  }

  #drop(): void {
    this.#waiting.length = 0;
    this.#release();
  }

  /** True = a request waits, so that it is no fault of the client's if no more was read; the last answer says close. */
  endAfterWaiting(): boolean {
    this.#endsAfterWaiting = this.#waiting.length > 0;
    return this.#endsAfterWaiting;
  }

  remove(): void {
    this.exchange = null;
    this.#readUntil = this.socket.bytesRead;
  }

  /**
   * Has it been used, and is nothing under way? Unlike `closeIdleConnections`, which also closes new connections whose
   * first request is still to be read.
   */
  get isIdle(): boolean {
    const { bytesRead, writableLength } = this.socket;
    return (
      this.exchange === null && this.#waiting.length === 0 && writableLength === 0 && bytesRead === this.#readUntil
    );
  }

  /**
   * Is the answer to this request to be the last? `node:http` loses what follows a request with Upgrade in the same
   * piece, so that after one with anything behind it the client is told to send that again.
   */
  isLast(request: IncomingMessage): boolean {
    if (this.ending || request.headers.upgrade === undefined) return this.ending;
    return this.socket.bytesRead - this.#beganAt !== usualSize(request);
  }

  /** Is the answer that is being sent the last one? */
  get hasEnded(): boolean {
    const turn = this.#turn;
    return turn?.writableEnded === true && !turn.shouldKeepAlive;
  }

  /** Nothing more comes or goes: the request under way has nobody to be answered to. */
  closed(): void {
    const { exchange } = this;
    this.#waiting.length = 0;
    this.exchange = null;
    exchange?.clientGone();
  }

  /**
   * What came could not be read. True = it may be answered: nothing is under way, or only the request that it is the
   * body of, which is given up.
   */
  spoil(): boolean {
    const { exchange } = this;
    if (this.#waiting.length > 0) return false;
    if (!exchange) return true;
    if (!exchange.isReceiving || exchange.isAnswered) return false;
    this.closed();
    return true;
  }

  /**
   * Called once per `interval` milliseconds. Cuts a connection whose client neither reads the answer nor sends its
   * request's body for `patience`. Looking from time to time costs nothing per request or chunk.
   */
  watch(interval: number, patience: number): void {
    const { exchange, socket } = this;
    exchange?.watch(interval);
    const progress = socket.bytesRead + socket.bytesWritten - socket.writableLength;
    const moved = progress !== this.#progress;
    this.#progress = progress;
    const drains = this.#drains();
    const onClient = socket.writableLength > 0 || exchange?.awaitsBody === true;
    // The rest of a body that nobody wants is little: it gets the time once, however it trickles in.
    if (!drains && (!onClient || moved)) {
      this.#quiet = 0;
      return;
    }
    this.#quiet += interval;
    if (this.#quiet >= patience) socket.destroy();
  }

  /** Is its request answered, and the rest of the body read only to keep the connection? */
  #drains(): boolean {
    const turn = this.#turn;
    if (turn === null || turn.socket !== null) return false;
    if (isReceiving(turn.req)) return true;
    // An idle connection needs nothing of its last request.
    this.#turn = null;
    return false;
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
    this.#drop();
    socket.end();
    socket.removeAllListeners('data');
    socket.on('data', () => {});
    socket.on('end', () => socket.destroy());
    socket.resume();
    setTimeout(() => socket.destroy(), lingerTime).unref();
  }
}
