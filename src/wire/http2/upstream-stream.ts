/** One request to a back end in HTTP/2, and its answer. */
import type { ClientHttp2Stream } from 'node:http2';
import type { Answering, Exchange } from '../net/exchange.ts';
import { isAnswerFramed } from '../net/framing.ts';
import { listFields } from '../net/output.ts';
import { maxInforming } from '../net/upstream-socket.ts';
import type { ForwardFailure } from '../wire.ts';
import { readAnswer } from './message-head.ts';
import { codes, endStream, reset } from './node-http2.ts';
import type { Http2Upstream } from './upstream.ts';
import type { UpstreamSession } from './upstream-session.ts';

export class UpstreamStream implements Answering {
  readonly #session: UpstreamSession;
  #stream: ClientHttp2Stream | null = null;
  #exchange: Exchange | null;
  #isAnswered = false;
  #informed = 0;
  /** Has the peer said that the answer is whole? */
  #isWhole = false;
  #quiet = 0;
  /** What the connection had read when the request began. */
  readonly #read: number;

  constructor(session: UpstreamSession, exchange: Exchange, upstream: Http2Upstream, isReused: boolean) {
    this.#session = session;
    this.#exchange = exchange;
    this.#read = session.socket.bytesRead;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(requestFields(exchange, upstream), !exchange.hasBody);
    } catch {
      // Not from within whoever began it.
      setImmediate(() => this.#end('malformed'));
      return;
    }
    this.#stream = stream;
    // `node:http2` ends what can be read in the same way at the end of the message (END_STREAM) and at a reset without an
    // error, which would let half an answer pass for a whole one. Only before a reset the stream is marked as closed.
    const push = stream.push;
    stream.push = (chunk, encoding) => {
      if (chunk === null && !stream.closed && !stream.destroyed) this.#isWhole = true;
      return push.call(stream, chunk, encoding);
    };
    stream.on('headers', (_headers, _flags, raw) => this.#inform(raw as unknown as string[]));
    stream.on('response', (_headers, flags, raw) => this.#answer(raw as unknown as string[], flags));
    stream.on('drain', () => {
      this.#quiet = 0;
      this.#exchange?.upstreamDrained();
    });
    stream.on('error', () => {});
    stream.on('close', () => this.#closed());
    exchange.streaming(this, stream, isReused);
  }

  #inform(raw: readonly string[]): void {
    this.#quiet = 0;
    const head = readAnswer(raw);
    if (!head || !isAnswerFramed(head) || head.status === 101 || ++this.#informed > maxInforming)
      this.#fail('malformed');
    else if (head.status !== 100) this.#exchange?.inform(head);
  }

  #answer(raw: readonly string[], flags: number): void {
    this.#quiet = 0;
    const exchange = this.#exchange;
    const stream = this.#stream as ClientHttp2Stream;
    if (!exchange) return;
    const head = readAnswer(raw);
    if (!head || !isAnswerFramed(head) || head.status < 200) {
      this.#fail('malformed');
      return;
    }
    this.#isAnswered = true;
    const isBodiless = exchange.method === 'HEAD' || head.status === 204 || head.status === 304;
    const isEmpty = isBodiless || (flags & endStream) !== 0;
    const length = head.contentLength === -1 && isEmpty && !isBodiless ? 0 : head.contentLength;
    stream.on('data', (bytes: Buffer) => this.#content(bytes));
    stream.on('end', () => {
      if (this.#isWhole) this.#complete();
    });
    if (!exchange.answer(head, length, isBodiless, isEmpty ? 0 : length, 0)) stream.pause();
  }

  #content(bytes: Buffer): void {
    this.#quiet = 0;
    if (this.#exchange?.content(bytes, 0, bytes.length) === false) this.#stream?.pause();
  }

  #complete(): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    const { isSent } = exchange;
    this.#exchange = null;
    exchange.completed();
    // The answer is whole: what the client still sends has nobody to go to.
    if (!isSent && this.#stream) reset(this.#stream, codes.cancel);
  }

  /** The peer, or we, have ended the stream. */
  #closed(): void {
    const { rstCode = codes.none, id = 0 } = this.#stream as ClientHttp2Stream;
    const isUnseen = rstCode === codes.refused || id > this.#session.lastProcessed;
    this.#end(isUnseen && !this.#isAnswered ? 'refused' : rstCode === codes.protocol ? 'malformed' : 'closed');
  }

  /** The connection has ended. */
  lost(): void {
    const id = this.#stream?.id ?? 0;
    this.#end(id > this.#session.lastProcessed && !this.#isAnswered ? 'refused' : 'closed');
  }

  /** The stream is over: the connection has room for another one, which may be what the exchange needs. */
  #end(how: ForwardFailure | 'refused'): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#session.release(this);
    if (how === 'refused') exchange?.refused();
    else exchange?.failed(how);
  }

  /** Gives the stream up, and tells why. */
  #fail(failure: ForwardFailure): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (this.#stream) reset(this.#stream, failure === 'malformed' ? codes.protocol : codes.cancel);
    exchange?.failed(failure);
  }

  abandon(): void {
    this.#exchange = null;
    if (this.#stream) reset(this.#stream, codes.cancel);
  }

  resume(): void {
    this.#stream?.resume();
  }

  touched(): void {
    this.#quiet = 0;
  }

  watch(interval: number): void {
    const exchange = this.#exchange;
    this.#quiet += interval;
    if (!exchange || this.#quiet < exchange.timeout || (this.#isAnswered && this.#stream?.isPaused())) return;
    // It waits for the client, unless the back end does not take what is there.
    if (!this.#isAnswered && !exchange.isSent && !this.#stream?.writableNeedDrain) return;
    this.#session.suspect(this.#read);
    this.#fail('timeout');
  }
}

function requestFields(exchange: Exchange, upstream: Http2Upstream): string[] {
  const { head, request } = exchange;
  const host = request.set.find(([name]) => name === 'host');
  const fields = [
    ':method',
    exchange.method,
    ':scheme',
    upstream.isTls ? 'https' : 'http',
    ':authority',
    host ? host[1] : upstream.authority,
    ':path',
    request.target,
  ];
  const set = host ? request.set.filter((field) => field !== host) : request.set;
  listFields(fields, head, request.remove, set, request.keepsReserved);
  if (head.codings === 0 && exchange.saysLength) fields.push('content-length', String(head.contentLength));
  return fields;
}
