/**
 * A request on its way to an upstream and, if that has to be, to another: read in place from the bytes of its head, until the
 * code that ended it has returned. How its answer is written is the matter of the version that its client speaks.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isSafeTarget, safeFields } from '../safe-fields.ts';
import type {
  Field,
  ForwardFailure,
  ForwardHandler,
  ForwardRequest,
  HeadEdits,
  LocalAnswer,
  ServerExchange,
  Upstream,
} from '../wire.ts';
import type { AcceptedRequest } from './accept.ts';
import type { Head } from './head.ts';
import { begin, flush, putBytes, putField, putFields, putText } from './output.ts';
import type { LargeBuffer } from './read-buffers.ts';
import type { RepeatedFields } from './repeated-fields.ts';
import type { NetTunnel } from './tunnel.ts';
import type { UpstreamSocket } from './upstream-socket.ts';

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** How a request's body is written to where it goes: as it is, in chunks, or as a stream whose end ends the body. */
export type BodyFraming = 'length' | 'chunked' | 'stream';

/** The connection, or the stream of one, that a request came by. */
export interface Client {
  readonly secure: boolean;
  readonly remoteAddress: string;
  readonly clientCertificate: X509Certificate | null;
  /** Of the connection. */
  kept: unknown;
  /** What was set for its requests. */
  readonly repeated: RepeatedFields;
  readonly isBodyDone: boolean;
  /** The body begins to flow. `hasExpect`: the client waits for a 100 before it sends it. */
  sendBodyTo(sink: Writable, framing: BodyFraming, hasExpect: boolean): void;
  resumeBody(): void;
  answerLocally(answer: LocalAnswer, method: string): void;
  /** The answer has been written whole. */
  finished(): void;
  /** The answer can't be written whole, which the client has to see. */
  cut(): void;
}

/** The connection, or the stream of one, by which an upstream answers. */
export interface Answering {
  /** The client has taken what there was. */
  resume(): void;
  /** The exchange wants no more of this. */
  abandon(): void;
  /** A piece of the request has been sent. */
  touched(): void;
}

/** An upstream of this wire, as an exchange sees it. */
export interface ExchangeUpstream extends Upstream {
  /** What `host` says. */
  readonly authority: string;
  readonly isTls: boolean;
  /** Takes a request: over a connection at once, over a new one, or when one becomes free. */
  dispatch(exchange: Exchange): void;
  /** The exchange no longer wants a connection. */
  cancel(exchange: Exchange): void;
}

export abstract class Exchange implements ServerExchange {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  timeout = 0;
  /** Of the request. */
  readonly head: Head;
  protected readonly client: Client;
  #request: ForwardRequest | null = null;
  #handler: ForwardHandler | null = null;
  #upstream: Answering | null = null;
  #answered = false;
  /** Answered, or the client is gone. */
  isOver = false;
  #isReused = false;
  #retried = false;
  #waited = 0;

  constructor(client: Client, head: Head, { method, target, host }: AcceptedRequest) {
    this.client = client;
    this.head = head;
    this.method = method;
    this.target = target;
    this.host = host;
  }

  get secure(): boolean {
    return this.client.secure;
  }

  get remoteAddress(): string {
    return this.client.remoteAddress;
  }

  get clientCertificate(): X509Certificate | null {
    return this.client.clientCertificate;
  }

  get kept(): unknown {
    return this.client.kept;
  }

  set kept(value: unknown) {
    this.client.kept = value;
  }

  header(name: string): string | undefined {
    return this.head.header(name);
  }

  abstract get version(): string;

  abstract get upgrade(): string | null;

  abstract get tunnel(): NetTunnel | null;

  /** What the upstream was asked to switch to. */
  get askedUpgrade(): string | null {
    return this.#request?.upgrade ? this.upgrade : null;
  }

  get isAnswered(): boolean {
    return this.#answered;
  }

  /** Has the client sent everything? */
  get isSent(): boolean {
    return this.client.isBodyDone;
  }

  respond(answer: LocalAnswer): void {
    if (this.isOver) return;
    this.isOver = true;
    const { status, fields, body } = answer;
    const safe = safeFields(fields);
    this.client.answerLocally(safe === fields ? answer : { status, fields: safe, body }, this.method);
  }

  forward(request: ForwardRequest, handler: ForwardHandler): void {
    this.#handler = handler;
    this.#request = request;
    this.timeout = request.timeout;
    this.#waited = 0;
    if (this.isOver) handler.onEnd('client-gone', false);
    else if (!isSafeTarget(request.target) || !this.client.repeated.accept(request.set))
      handler.onEnd('malformed', false);
    else (request.upstream as ExchangeUpstream).dispatch(this);
  }

  waitedTooLong(interval: number, limit: number): boolean {
    this.#waited += interval;
    return this.#waited >= limit;
  }

  /** A connection is there: the head is written in one piece with what there is of the body. */
  connected(upstream: UpstreamSocket, isReused: boolean): void {
    const { target, remove, set, keepsReserved } = this.request;
    const head = this.head;
    const net = this.request.upstream as ExchangeUpstream;
    this.#upstream = upstream;
    this.#isReused = isReused;
    begin();
    putBytes(head.bytes, 0, head.methodEnd);
    putText(' ');
    putText(target);
    putText(' HTTP/1.1\r\n');
    if (!setsHost(set)) putField('host', net.authority);
    putFields(head, remove, set, keepsReserved, this.client.repeated.bytesOf(set));
    const protocol = this.askedUpgrade;
    if (protocol !== null) putText(`connection: upgrade\r\nupgrade: ${protocol}\r\n`);
    if (head.codings > 0) putText('transfer-encoding: chunked\r\n\r\n');
    else if (this.saysLength) putText(`content-length: ${head.contentLength}\r\n\r\n`);
    else putText('\r\n');
    flush(upstream.socket, net.isTls);
    this.client.sendBodyTo(upstream.socket, head.codings > 0 ? 'chunked' : 'length', head.hasExpect);
  }

  /** A stream has taken the head: what comes of the body is written to it. */
  streaming(upstream: Answering, body: Writable, isReused: boolean): void {
    this.#upstream = upstream;
    this.#isReused = isReused;
    this.client.sendBodyTo(body, 'stream', this.head.hasExpect);
  }

  /** What is asked of the upstream. */
  get request(): ForwardRequest {
    return this.#request as ForwardRequest;
  }

  /** Is there, or will there be, a body? */
  get hasBody(): boolean {
    return this.head.codings > 0 || this.head.contentLength > 0;
  }

  /** Does the request to the upstream have a length? No body, for a method that has none, needs none. */
  get saysLength(): boolean {
    const { contentLength } = this.head;
    return contentLength > 0 || (contentLength === 0 && this.method !== 'GET' && this.method !== 'HEAD');
  }

  bodySent(): void {
    this.#upstream?.touched();
  }

  upstreamDrained(): void {
    this.client.resumeBody();
  }

  /** An interim answer of the upstream's. */
  abstract inform(head: Head): void;

  /**
   * The answer's head; `left` bytes of body follow (-1 = not known), of which the first `there` stand behind it: one
   * write, if they fit. False = the client does not keep up.
   * @param length what content-length says; -1 = nothing
   */
  abstract answer(head: Head, length: number, isBodiless: boolean, left: number, there: number): boolean;

  /**
   * Bytes of the answer's body. False = the client does not keep up, until it has drained or, of a piece that was not
   * copied, until that has gone.
   * @param large what they are in, if it stays as it is until they have gone: a large piece of it need not be copied
   */
  abstract content(bytes: Buffer, from: number, to: number, large?: LargeBuffer | null): boolean;

  /** The upstream has agreed to what it was asked for. */
  abstract switched(head: Head, upstream: Socket): NetTunnel;

  /** Nothing more of the body comes. */
  protected abstract endContent(): void;

  /** From now on the client gets this answer and no other. */
  protected announce(head: Head): HeadEdits | null {
    this.#answered = true;
    if (head.status === 101) this.#upstream = null;
    const edits = (this.#handler as ForwardHandler).onHead(head.status, head);
    if (edits === null) return null;
    const set = safeFields(edits.set);
    return set === edits.set ? edits : { remove: edits.remove, set };
  }

  /** What it has switched to is over. */
  protected tunnelled(failure: ForwardFailure | null): void {
    this.isOver = true;
    (this.#handler as ForwardHandler).onEnd(failure, true);
  }

  clientDrained(): void {
    this.#upstream?.resume();
  }

  completed(): void {
    this.isOver = true;
    this.#upstream = null;
    this.endContent();
    (this.#handler as ForwardHandler).onEnd(null, true);
    this.client.finished();
  }

  failed(failure: ForwardFailure): void {
    if (this.isOver) return;
    this.#upstream = null;
    if (this.#answered) {
      this.isOver = true;
      this.client.cut();
      (this.#handler as ForwardHandler).onEnd(failure, true);
    } else if (failure === 'closed' && this.#mayRetry()) {
      this.#dispatchAgain();
    } else {
      (this.#handler as ForwardHandler).onEnd(failure, false);
    }
  }

  /** The upstream says that it has done nothing about the request (RFC 9113 8.7). */
  refused(): void {
    if (this.isOver) return;
    if (this.#answered || this.#retried || this.hasBody) this.failed('closed');
    else this.#dispatchAgain();
  }

  #mayRetry(): boolean {
    return this.#isReused && !this.#retried && !this.hasBody && idempotent.has(this.method);
  }

  #dispatchAgain(): void {
    this.#retried = true;
    this.#upstream = null;
    (this.request.upstream as ExchangeUpstream).dispatch(this);
  }

  clientGone(): void {
    if (this.isOver || this.tunnel) return;
    this.isOver = true;
    const upstream = this.#upstream;
    if (upstream) upstream.abandon();
    else ((this.#request?.upstream ?? null) as ExchangeUpstream | null)?.cancel(this);
    this.#handler?.onEnd('client-gone', this.#answered);
  }
}

function setsHost(set: readonly Field[]): boolean {
  for (const field of set) if (field[0] === 'host') return true;
  return false;
}
