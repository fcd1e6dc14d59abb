/** One stream of a client's connection: its request's body comes in, its answer goes out. */
import type { X509Certificate } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Writable } from 'node:stream';
import { hasContent } from '../answer-bytes.ts';
import { endBody, writeBody } from '../net/body.ts';
import type { BodyFraming, Client } from '../net/exchange.ts';
import type { RepeatedFields } from '../net/repeated-fields.ts';
import type { LocalAnswer, RequestDefect } from '../wire.ts';
import { Http2Exchange } from './exchange.ts';
import { aroundPiece, requestWindow } from './limits.ts';
import { readRequest } from './message-head.ts';
import { codes, reset } from './node-http2.ts';
import type { ServerSession } from './server-session.ts';

export class ClientStream implements Client {
  readonly #session: ServerSession;
  readonly #stream: ServerHttp2Stream;
  #exchange: Http2Exchange | null = null;
  #bodyDone: boolean;
  /** Bytes that the body may still have. */
  #room: number;
  /** Where the body goes; null = nowhere yet. */
  #sink: Writable | null = null;
  #framing: BodyFraming = 'length';
  /** All has been said; what is left is that it goes. */
  #isFinished = false;
  /** Bytes that moved, when last looked at, and milliseconds since. */
  #progress = 0;
  #received = 0;
  #quiet = 0;

  constructor(session: ServerSession, stream: ServerHttp2Stream, hasBody: boolean) {
    this.#session = session;
    this.#stream = stream;
    this.#bodyDone = !hasBody;
    const { maxBodySize = 0 } = session.options;
    this.#room = maxBodySize > 0 ? maxBodySize : Number.POSITIVE_INFINITY;
    // What broke is told by `aborted` and `close`.
    stream.on('error', () => {});
    stream.on('aborted', () => this.#gone());
    stream.on('close', () => {
      this.#gone();
      session.forget(this);
    });
    stream.on('drain', () => this.#exchange?.clientDrained());
  }

  get secure(): boolean {
    return this.#session.secure;
  }

  get remoteAddress(): string {
    return this.#session.remoteAddress;
  }

  get clientCertificate(): X509Certificate | null {
    return this.#session.clientCertificate;
  }

  get kept(): unknown {
    return this.#session.kept;
  }

  set kept(value: unknown) {
    this.#session.kept = value;
  }

  get repeated(): RepeatedFields {
    return this.#session.repeated;
  }

  get isBodyDone(): boolean {
    return this.#bodyDone;
  }

  get #isOpen(): boolean {
    return !this.#stream.closed && !this.#stream.destroyed;
  }

  /** @param raw the fields as they came */
  open(raw: readonly string[]): void {
    const { options, reserved } = this.#session;
    const request = readRequest(raw, !this.#bodyDone, options, reserved);
    if (typeof request === 'string') {
      this.#refuse(request);
      return;
    }
    const { head } = request;
    if (options.maxBodySize && head.contentLength > options.maxBodySize) {
      this.#refuse('body-too-large');
      return;
    }
    if (!this.#bodyDone) this.#session.allow(requestWindow);
    const exchange = new Http2Exchange(this, head, request);
    this.#exchange = exchange;
    this.#session.handle(exchange);
  }

  sendBodyTo(sink: Writable, framing: BodyFraming, hasExpect: boolean): void {
    if (this.#bodyDone || !this.#isOpen) return;
    const isFirst = this.#sink === null;
    this.#sink = sink;
    this.#framing = framing;
    if (!isFirst) return;
    if (hasExpect) this.#stream.additionalHeaders({ ':status': 100 });
    this.#stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.#stream.on('end', () => this.#ended());
  }

  resumeBody(): void {
    if (!this.#bodyDone) this.#stream.resume();
  }

  #receive(bytes: Buffer): void {
    this.#received += bytes.length;
    this.#session.allow(bytes.length + aroundPiece);
    this.#exchange?.bodySent();
    this.#room -= bytes.length;
    if (this.#room < 0) this.#spoiled('body-too-large');
    else if (this.#sink && !writeBody(this.#sink, this.#framing, bytes)) this.#stream.pause();
  }

  /** A reset ends what can be read too; then the stream is closed before. */
  #ended(): void {
    if (!this.#isOpen || this.#room < 0) return;
    this.#bodyDone = true;
    if (this.#sink) endBody(this.#sink, this.#framing);
  }

  #spoiled(defect: RequestDefect): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    this.#exchange = null;
    const { isAnswered } = exchange;
    exchange.clientGone();
    if (isAnswered) this.cut();
    else this.#refuse(defect);
  }

  #gone(): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    this.#exchange = null;
    this.#session.gaveUp();
    exchange.clientGone();
  }

  #refuse(defect: RequestDefect): void {
    this.answerLocally(this.#session.options.refuse(defect), '');
  }

  answerLocally(answer: LocalAnswer, method: string): void {
    const fields = [':status', String(answer.status)];
    for (const [name, value] of answer.fields) fields.push(name, value);
    if (hasContent(answer)) fields.push('content-length', String(Buffer.byteLength(answer.body)));
    const hasBody = hasContent(answer) && method !== 'HEAD' && answer.body !== '';
    this.begin(fields, !hasBody);
    if (hasBody) this.write(Buffer.from(answer.body));
    this.finished();
  }

  inform(fields: OutgoingHttpHeaders): void {
    if (this.#isOpen) this.#stream.additionalHeaders(fields);
  }

  /** The head of the answer. `node:http2` adds a date to one that has none. */
  begin(fields: string[], isAll: boolean): void {
    if (this.#isOpen) this.#stream.respond(fields, { endStream: isAll });
  }

  /** False = the client does not keep up. */
  write(bytes: Buffer): boolean {
    // `node:http2` ends the stream itself after heads that have no body.
    return !this.#stream.writable || this.#stream.write(bytes);
  }

  finished(): void {
    this.#exchange = null;
    this.#isFinished = true;
    this.#quiet = 0;
    if (!this.#isOpen) return;
    if (this.#stream.writable) this.#stream.end();
    if (this.#bodyDone) {
      this.#stream.resume();
      return;
    }
    // RFC 9113 8.1: once the answer is whole, a client that still sends is told to stop.
    this.#sink = null;
    this.#stream.resume();
    this.#stream.close(codes.none);
  }

  cut(): void {
    this.#exchange = null;
    reset(this.#stream, codes.internal);
  }

  /** Cuts a client that neither sends its body nor reads its answer for `patience` milliseconds. */
  watch(interval: number, patience: number): void {
    const stream = this.#stream;
    const awaitsBody = this.#sink !== null && !this.#bodyDone && !stream.isPaused();
    // A connection that takes nothing keeps streams that have nothing more to write, too.
    const awaitsReading = stream.writableLength > 0 || this.#isFinished;
    const progress = this.#received - stream.writableLength;
    const moved = progress !== this.#progress;
    this.#progress = progress;
    this.#quiet = moved || !(awaitsBody || awaitsReading) ? 0 : this.#quiet + interval;
    if (this.#quiet < patience) return;
    this.#quiet = 0;
    reset(stream, codes.cancel);
  }
}
