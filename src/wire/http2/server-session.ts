/**
 * A client's connection in HTTP/2. Each of its streams is a request; what it does besides has a budget, because frames
 * that carry nothing cost us as much as those that do.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { ConnectedClient } from '../connected-client.ts';
import { maxFields } from '../net/head.ts';
import { RepeatedFields } from '../net/repeated-fields.ts';
import type { ReservedFields } from '../reserved.ts';
import type { ServerExchange, ServerOptions } from '../wire.ts';
import { Budget } from './budget.ts';
import { ClientStream } from './client-stream.ts';
import {
  acknowledging,
  aroundRequest,
  asides,
  drainNotice,
  givenUp,
  lingerTime,
  longestHead,
  maxStreams,
  requestWindow,
} from './limits.ts';
import { codes, endStream, nodeHttp2 } from './node-http2.ts';

/** What it needs of the server that it belongs to. */
export interface SessionServer {
  readonly options: ServerOptions;
  readonly isDraining: boolean;
  readonly reserved: ReservedFields;
  readonly handle: (exchange: ServerExchange) => void;
  forgetSession(session: ServerSession): void;
}

/** RFC 9113 6.8: with it a GOAWAY warns of another one, and refuses nothing yet. */
const lastPossibleStream = 2 ** 31 - 1;

const tooMuch = new Error('the client does more than it may');

export class ServerSession extends ConnectedClient {
  readonly repeated = new RepeatedFields();
  readonly #server: SessionServer;
  readonly #session: ServerHttp2Session;
  readonly #streams = new Set<ClientStream>();
  #requests = 0;
  #lastStream = 0;
  #isShaken = false;
  #quiet = 0;
  /** Milliseconds until the last GOAWAY; -1 = none is due. */
  #endsIn = -1;
  readonly #givenUp = new Budget(givenUp.burst, givenUp.perSecond);
  readonly #asides = new Budget(asides.burst, asides.perSecond);
  #read = 0;
  #written = 0;
  /** Bytes that it may send, since the last look, without spending of its budget. */
  #allowed = 0;

  /** @param socket what the client has sent so far has to be unread */
  constructor(server: SessionServer, socket: Socket, secure: boolean) {
    super(socket, secure);
    this.#server = server;
    const { maxHeadSize } = server.options;
    this.#session = nodeHttp2().performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams: maxStreams,
        initialWindowSize: requestWindow,
        // In RFC 9113 6.5.2 each field counts for 32 bytes more. Beyond, the stream is reset; up to there it is answered with 431.
        maxHeaderListSize: 2 * maxHeadSize + 32 * maxFields,
      },
      maxHeaderListPairs: 2 * maxFields,
      maxSendHeaderBlockLength: longestHead,
      strictSingleValueFields: false,
    });
    this.#session.on('stream', (stream, _headers, flags, raw) => this.#open(stream, flags, raw as unknown as string[]));
    this.#session.once('remoteSettings', () => {
      this.#isShaken = true;
    });
    this.#session.on('error', () => {});
    // Who sends no more can't take an answer either: it could not say that it has room for it.
    socket.on('end', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => server.forgetSession(this));
    if (server.isDraining) this.drain();
  }

  get options(): ServerOptions {
    return this.#server.options;
  }

  get reserved(): ReservedFields {
    return this.#server.reserved;
  }

  handle(exchange: ServerExchange): void {
    this.#server.handle(exchange);
  }

  #open(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    const client = new ClientStream(this, stream, (flags & endStream) === 0);
    this.#streams.add(client);
    this.#lastStream = stream.id as number;
    this.#quiet = 0;
    let size = aroundRequest;
    for (const part of raw) size += part.length;
    this.allow(size);
    if (++this.#requests === this.options.maxRequests) this.#close();
    client.open(raw);
  }

  forget(stream: ClientStream): void {
    this.#streams.delete(stream);
    this.#quiet = 0;
  }

  /** A client has given up a request that was under way. */
  gaveUp(): void {
    if (!this.#givenUp.spend(1)) this.#calm();
  }

  /** Bytes that are no flood: those of a head or of a body, and those around it. */
  allow(bytes: number): void {
    this.#allowed += bytes;
  }

  /** Tells the client that it does too much, and ends. */
  #calm(): void {
    // Not from within what the stream still has to do about its end.
    setImmediate(() => {
      if (!this.#session.destroyed) this.#session.destroy(tooMuch, codes.enhanceYourCalm);
    });
  }

  /** Finishes what is under way, and gives the client the time from now on to close its side. */
  #close(): void {
    this.#quiet = 0;
    this.#session.close();
  }

  /** Serves what is under way and what the client sends until it has read this, and ends. */
  drain(): void {
    if (this.#session.closed || this.#session.destroyed) return;
    this.#session.goaway(codes.none, lastPossibleStream);
    this.#endsIn = drainNotice;
  }

  watch(interval: number): void {
    const { headTimeout, keepAliveTimeout, bodyTimeout = 30_000 } = this.options;
    this.#countAsides(interval);
    this.#givenUp.refill(interval);
    for (const stream of this.#streams) stream.watch(interval, bodyTimeout);
    if (this.#endsIn >= 0) {
      this.#endsIn -= interval;
      if (this.#endsIn < 0) this.#close();
    }
    if (this.#streams.size > 0) return;
    this.#quiet += interval;
    if (this.#session.closed || this.#session.destroyed) {
      if (this.#quiet >= lingerTime) this.socket.destroy();
    } else if (this.#quiet >= headTimeout && this.#isInHead) this.#session.destroy(tooMuch, codes.enhanceYourCalm);
    else if (this.#quiet >= keepAliveTimeout) this.#close();
  }

  /** Has it begun to speak, or a request, without coming to an end? A head that was refused looks the same. */
  get #isInHead(): boolean {
    if (this.socket.bytesRead === 0) return false;
    return !this.#isShaken || (this.#session.state.lastProcStreamID ?? 0) > this.#lastStream;
  }

  #countAsides(interval: number): void {
    const { bytesRead, bytesWritten } = this.socket;
    if (bytesRead === this.#read) return this.#asides.refill(interval);
    const allowed = this.#allowed + (bytesWritten - this.#written) * acknowledging;
    const aside = bytesRead - this.#read - allowed;
    this.#read = bytesRead;
    this.#written = bytesWritten;
    // What was allowed for a body may come later.
    this.#allowed = Math.max(0, -aside);
    this.#asides.refill(interval);
    if (aside > 0 && !this.#asides.spend(aside)) this.#calm();
  }
}
