/** A client's connection: reads one request at a time, its body too, and keeps what comes early. */
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { answerHead, hasContent } from '../answer-bytes.ts';
import { ConnectedClient } from '../connected-client.ts';
import type { LocalAnswer, RequestDefect } from '../wire.ts';
import { accept } from './accept.ts';
import { endBody, freePiece, writeBody } from './body.ts';
import { ChunkReader } from './chunks.ts';
import type { BodyFraming, Client } from './exchange.ts';
import { type Head, mayEnd } from './head.ts';
import { NetExchange } from './net-exchange.ts';
import { begin, flush, putText } from './output.ts';
import { RepeatedFields } from './repeated-fields.ts';
import type { NetServer } from './server.ts';
import { giveBack, takeHead } from './spare-heads.ts';
import type { NetTunnel, TunnelLimits } from './tunnel.ts';
import { askedUpgrade } from './upgrade.ts';

const maxDrained = 65_536;
const lingerTime = 2_000;
const defaultBodyTimeout = 30_000;
const defaultTunnelTimeout = 300_000;
const noUpgrades: readonly string[] = [];
/**
 * Milliseconds without a byte of its answer after which a client that sends no more is one that has left. One that left
 * looks just the same until something is written to it, and its request must not cost the back end much longer.
 */
const halfClosedTime = 1_000;

/** What a broken connection means is told by `close`. */
const ignore = (): void => {};

/** RFC 9113 3.4. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export class ClientConnection extends ConnectedClient implements Client {
  keepAlive = true;
  /** The answer to the next request is the last. */
  ending = false;
  /** Of the request before. */
  #host = '';
  #repeated: RepeatedFields | null = null;
  readonly #server: NetServer;
  /** Of the request under way, or the last one; null = it has not asked for a moment. */
  #head: Head | null = null;
  #exchange: NetExchange | null = null;
  #stash: Buffer | null = null;
  #left = 0;
  #chunks: ChunkReader | null = null;
  #bodyDone = true;
  /** Bytes that the body may still have. */
  #room = 0;
  /** Requests that it has carried. */
  #requests = 0;
  /** Where the body goes; null = nowhere yet. */
  #sink: Writable | null = null;
  #sinkFraming: BodyFraming = 'length';
  #drops = false;
  #lingers = false;
  /** The client sends no more; what it has sent whole is still answered. */
  #isHalfClosed = false;
  /** Between an exchange and the next one, whose bytes are there already. */
  #rests = false;
  /** What it carries since it switched to another protocol. */
  #tunnel: NetTunnel | null = null;
  #quiet = 0;
  #progress = 0;

  constructor(server: NetServer, socket: Socket, secure: boolean) {
    super(socket, secure);
    this.#server = server;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('drain', () => {
      if (this.#exchange) this.#exchange.clientDrained();
      else if (this.#rests) this.#proceed();
    });
    socket.on('error', ignore);
    socket.on('end', () => this.#ended());
    socket.on('close', () => {
      server.forget(this);
      this.#exchange?.clientGone();
    });
  }

  get date(): string {
    return this.#server.date;
  }

  get repeated(): RepeatedFields {
    this.#repeated ??= new RepeatedFields();
    return this.#repeated;
  }

  get isBodyDone(): boolean {
    return this.#bodyDone;
  }

  get isHttp10(): boolean {
    return this.#head?.minor === 0;
  }

  get isIdle(): boolean {
    return this.#exchange === null && this.#stash === null && this.socket.bytesRead > 0;
  }

  /** The protocol that the request asks to switch to, if it may. */
  get upgrade(): string | null {
    const head = this.#head;
    if (head === null || head.upgradeLines === 0) return null;
    return askedUpgrade(head, this.#server.options.upgrades ?? noUpgrades);
  }

  get tunnelLimits(): TunnelLimits {
    const { tunnelTimeout = defaultTunnelTimeout, bodyTimeout = defaultBodyTimeout } = this.#server.options;
    return { silence: tunnelTimeout, stall: bodyTimeout };
  }

  /** What an answer's head has to say of the connection. */
  endsAfterAnswer(): boolean {
    if (this.#server.isDraining || !this.#bodyDone) this.keepAlive = false;
    return !this.keepAlive;
  }

  cut(): void {
    if (this.isHttp10 && !this.secure) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  /** At once, whatever it carries. */
  drop(): void {
    if (this.#tunnel) this.#tunnel.cut();
    else this.socket.destroy();
  }

  watch(interval: number): void {
    if (this.#tunnel) {
      this.#tunnel.watch(interval);
      return;
    }
    const { headTimeout, keepAliveTimeout, bodyTimeout = defaultBodyTimeout } = this.#server.options;
    const { socket } = this;
    const { writableLength } = socket;
    if (this.#exchange || writableLength > 0) {
      const progress = socket.bytesRead + socket.bytesWritten - writableLength;
      const moved = progress !== this.#progress;
      this.#progress = progress;
      const waitsForUs = this.#isHalfClosed && writableLength === 0;
      const onClient = waitsForUs || writableLength > 0 || (!this.#bodyDone && !socket.isPaused());
      this.#quiet = moved || !onClient ? 0 : this.#quiet + interval;
      if (this.#quiet >= (waitsForUs ? halfClosedTime : bodyTimeout)) socket.destroy();
      return;
    }
    // Bytes of a head do not put its end off.
    this.#quiet += interval;
    if (this.#quiet > interval && !this.#lingers) this.#forgetHead();
    if (this.#stash && this.#quiet >= headTimeout) this.#refuse('timeout');
    else if (!this.#stash && this.#quiet >= keepAliveTimeout) socket.destroy();
  }

  /** Nothing is asked at the moment: what is needed for that is somebody else's. */
  #forgetHead(): void {
    if (this.#head) giveBack(this.#head);
    this.#head = null;
    this.kept = null;
    this.#repeated = null;
  }

  /** The client sends no more: it has left, or only shut its side after whole requests (RFC 9112 9.6). */
  #ended(): void {
    this.#isHalfClosed = true;
    if (this.#tunnel) return;
    if (this.#exchange) this.#missBody();
    else if (this.#rests) return;
    else if (this.#stash && !this.#lingers) this.#refuse('malformed');
    else this.socket.destroySoon();
  }

  /** Nothing comes any more: without its whole body the request has failed, unless its answer is on the way. */
  #missBody(): void {
    if (this.#bodyDone || this.#stash || !this.#isHalfClosed) return;
    if (this.#drops) this.socket.destroySoon();
    else this.socket.destroy();
  }

  #read(fresh: Buffer): void {
    if (this.#lingers) return;
    if (this.#exchange && !this.#bodyDone) {
      const sink = this.#sink;
      this.#body(fresh, 0);
      if (sink?.writableLength === 0 && this.#stash === null) freePiece(fresh);
      return;
    }
    const soFar = this.#stash;
    const bytes = soFar ? Buffer.concat([soFar, fresh]) : fresh;
    this.#stash = null;
    if (this.#exchange || this.#rests) this.#keep(bytes);
    else if (soFar && bytes.length <= this.#server.options.maxHeadSize && !mayEnd(soFar, fresh)) this.#stash = bytes;
    else this.#next(bytes);
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#stash = bytes;
    if (bytes.length > maxDrained) this.socket.pause();
  }

  #next(bytes: Buffer): void {
    const head = (this.#head ??= takeHead(this.#server.reserved));
    const { maxHeadSize, maxTargetLength } = this.#server.options;
    const parsed = head.parseRequest(bytes);
    if (parsed === 'malformed') this.#unreadable(bytes);
    else if (parsed === 'too-many-fields') this.#refuse('head-too-large');
    else if (parsed === 'incomplete') {
      if (bytes.length > maxHeadSize) this.#refuse('head-too-large');
      else if (this.#isHalfClosed) this.#refuse('malformed');
      else {
        if (!this.#stash) this.#stash = bytes;
        if (this.#stash === bytes && this.#quiet > 0) this.#quiet = 0;
      }
    } else if (head.end > maxHeadSize) this.#refuse('head-too-large');
    else if (head.targetEnd - head.targetStart > maxTargetLength) this.#refuse('target-too-long');
    else this.#open(head, bytes);
  }

  /** What is no HTTP/1.1 may be HTTP/2, if the connection begins with it (RFC 9113 3.3). With TLS that is settled before. */
  #unreadable(bytes: Buffer): void {
    const { socket } = this;
    const isFirst = socket.bytesRead === bytes.length && !this.secure && this.#server.options.http2 !== false;
    if (!isFirst || !beginsHttp2(bytes)) this.#refuse('malformed');
    else if (bytes.length < preface.length) this.#stash = bytes;
    else {
      this.#forgetHead();
      socket.removeAllListeners('data');
      socket.pause();
      socket.unshift(bytes);
      this.#server.forget(this);
      this.#server.serveHttp2(socket, false);
    }
  }

  #open(head: Head, bytes: Buffer): void {
    const request = accept(head, this.#host);
    if (!request) {
      this.#refuse('malformed');
      return;
    }
    const { maxBodySize = 0, maxRequests = 0 } = this.#server.options;
    if (maxBodySize > 0 && head.contentLength > maxBodySize) {
      this.#refuse('body-too-large');
      return;
    }
    this.keepAlive = request.keepsAlive;
    if (++this.#requests === maxRequests || this.ending) this.keepAlive = false;
    this.#chunks = head.codings > 0 ? new ChunkReader() : null;
    this.#room = maxBodySize > 0 ? maxBodySize : Number.POSITIVE_INFINITY;
    this.#left = Math.max(0, head.contentLength);
    this.#bodyDone = !this.#chunks && this.#left === 0;
    this.#sink = null;
    this.#drops = false;
    this.#quiet = 0;
    this.#host = request.host;
    const exchange = new NetExchange(this, head, request);
    this.#exchange = exchange;
    if (head.end < bytes.length) this.#keep(head.end === 0 ? bytes : bytes.subarray(head.end));
    // Not before somebody wants it.
    if (!this.#bodyDone) this.socket.pause();
    this.#server.handle(exchange);
  }

  /** The upstream is there: the body begins to flow. */
  sendBodyTo(sink: Writable, framing: BodyFraming, hasExpect: boolean): void {
    if (this.#bodyDone) return;
    this.#sink = sink;
    this.#sinkFraming = framing;
    if (hasExpect && !this.isHttp10 && !this.#stash) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
    this.#flow();
  }

  resumeBody(): void {
    if (!this.#bodyDone && !this.#lingers) this.socket.resume();
  }

  #flow(): void {
    const early = this.#stash;
    this.#stash = null;
    this.socket.resume();
    if (early) this.#body(early, 0);
    this.#missBody();
  }

  #body(bytes: Buffer, from: number): void {
    this.#exchange?.bodySent();
    let stop: number;
    if (this.#chunks) {
      stop = this.#chunks.read(bytes, from, (start, end) => this.#pass(bytes, start, end));
      if (stop < 0 || this.#room < 0) {
        this.#spoiled(stop < 0 ? 'malformed' : 'body-too-large');
        return;
      }
      this.#bodyDone = this.#chunks.isDone;
    } else {
      stop = Math.min(bytes.length, from + this.#left);
      this.#left -= stop - from;
      this.#pass(bytes, from, stop);
      this.#bodyDone = this.#left === 0;
    }
    if (this.#bodyDone && this.#sink) endBody(this.#sink, this.#sinkFraming);
    if (stop < bytes.length) this.#keep(bytes.subarray(stop));
    if (this.#bodyDone && this.#drops) this.finished();
  }

  #pass(bytes: Buffer, from: number, to: number): void {
    const sink = this.#sink;
    this.#room -= to - from;
    if (this.#room < 0 || !sink || to === from) return;
    if (!writeBody(sink, this.#sinkFraming, bytes.subarray(from, to))) this.socket.pause();
  }

  /** The body can't be read, or is too long. */
  #spoiled(defect: RequestDefect): void {
    const exchange = this.#exchange as NetExchange;
    this.#exchange = null;
    const isAnswered = exchange.isAnswered;
    exchange.clientGone();
    if (isAnswered) this.socket.destroy();
    else this.#refuse(defect);
  }

  /** From here on it carries another protocol's bytes, those first that came early: until now nobody has looked at them. */
  carry(tunnel: NetTunnel): void {
    this.#tunnel = tunnel;
    const early = this.#stash;
    this.#stash = null;
    this.socket.resume();
    if (early) tunnel.takeFromClient(early);
    if (this.#isHalfClosed) tunnel.endClient();
  }

  answerLocally(answer: LocalAnswer, method: string): void {
    const { socket } = this;
    if (socket.destroyed) return;
    const head = this.#head as Head;
    const drainable = !this.#chunks && this.#left <= maxDrained && !head.hasExpect && this.#sink === null;
    if (this.#server.isDraining || (!this.#bodyDone && !drainable)) this.keepAlive = false;
    const persistence = !this.keepAlive ? 'close' : head.minor === 0 ? 'keep-alive' : null;
    this.#write(answer, persistence, method !== 'HEAD' && hasContent(answer));
    this.#sink = null;
    if (this.#bodyDone || !this.keepAlive) this.finished();
    else {
      this.#drops = true;
      this.#flow();
    }
  }

  #write(answer: LocalAnswer, persistence: 'close' | 'keep-alive' | null, hasBody: boolean): void {
    begin();
    putText(answerHead(answer, this.date, persistence));
    flush(this.socket, this.secure);
    if (hasBody && answer.body) this.socket.write(answer.body);
  }

  /** The exchange is over. */
  finished(): void {
    this.#exchange = null;
    this.#quiet = 0;
    if (!this.keepAlive) {
      if (this.#bodyDone) this.socket.destroySoon();
      else this.#linger();
      return;
    }
    if (this.#stash) {
      this.#rests = true;
      this.#proceed();
      return;
    }
    if (this.socket.isPaused()) this.socket.resume();
    if (this.#server.isDraining || this.#isHalfClosed) this.socket.destroySoon();
  }

  /** Goes on with what came early, once the client has taken the answers so far. */
  #proceed(): void {
    if (this.socket.writableNeedDrain) return;
    // Not from within the code that has ended an exchange and may still look at it, and not before other connections.
    setImmediate(() => {
      const early = this.#stash;
      if (this.socket.destroyed || !this.#rests || !early) return;
      this.#rests = false;
      this.#stash = null;
      if (this.socket.isPaused()) this.socket.resume();
      this.#next(early);
    });
  }

  #refuse(defect: RequestDefect): void {
    if (this.socket.bytesRead === 0) {
      this.socket.destroy();
      return;
    }
    this.#write(this.#server.options.refuse(defect), 'close', true);
    this.#linger();
  }

  #linger(): void {
    this.#lingers = true;
    this.#stash = null;
    // The time begins when the answer has gone; until then it is that of a client that reads too slowly.
    this.socket.end(() => setTimeout(() => this.socket.destroy(), lingerTime).unref());
    this.socket.resume();
  }
}

/** Is it the preface of HTTP/2, as far as it has come? */
function beginsHttp2(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, preface.length);
  return bytes.compare(preface, 0, length, 0, length) === 0;
}
