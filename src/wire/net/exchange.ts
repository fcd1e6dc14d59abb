/** A request: read in place from the connection's bytes, until the code that ended it has returned. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type {
  AnswerHead,
  Field,
  ForwardFailure,
  ForwardHandler,
  ForwardRequest,
  LocalAnswer,
  ServerExchange,
} from '../wire.ts';
import type { AcceptedRequest } from './accept.ts';
import type { ClientConnection } from './connection.ts';
import { type Head, kinds } from './head.ts';
import { areSafe, begin, flush, putBytes, putField, putFields, putText, room } from './output.ts';
import type { LargeBuffer } from './read-buffers.ts';
import { NetTunnel } from './tunnel.ts';
import type { NetUpstream } from './upstream.ts';
import type { UpstreamSocket } from './upstream-socket.ts';

const CR = 13;
/** Bytes from which on a copy costs more than waiting until the client has taken them. */
const worthKeeping = 8192;
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
const nothing: readonly string[] = [];
const noFields: readonly Field[] = [];

export class NetExchange implements ServerExchange, AnswerHead {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  timeout = 0;
  readonly #connection: ClientConnection;
  readonly #head: Head;
  #request: ForwardRequest | null = null;
  #handler: ForwardHandler | null = null;
  #upstream: UpstreamSocket | null = null;
  #answered = false;
  /** Answered, or the client is gone. */
  isOver = false;
  #isReused = false;
  #retried = false;
  #waited = 0;
  /** Is the answer to the client in chunks of ours? */
  #chunked = false;
  #tunnel: NetTunnel | null = null;

  constructor(connection: ClientConnection, head: Head, { method, target, host }: AcceptedRequest) {
    this.#connection = connection;
    this.#head = head;
    this.method = method;
    this.target = target;
    this.host = host;
  }

  get secure(): boolean {
    return this.#connection.secure;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get clientCertificate(): X509Certificate | null {
    return this.#connection.clientCertificate;
  }

  header(name: string): string | undefined {
    return this.#head.header(name);
  }

  get version(): string {
    return this.#connection.isHttp10 ? '1.0' : '1.1';
  }

  get upgrade(): string | null {
    return this.#connection.upgrade;
  }

  get tunnel(): NetTunnel | null {
    return this.#tunnel;
  }

  /** What the upstream was asked to switch to. */
  get askedUpgrade(): string | null {
    return this.#request?.upgrade ? this.upgrade : null;
  }

  get isAnswered(): boolean {
    return this.#answered;
  }

  /** Has the client sent everything? */
  get isSent(): boolean {
    return this.#connection.isBodyDone;
  }

  respond(answer: LocalAnswer): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#connection.answerLocally(answer, this.method);
  }

  forward(request: ForwardRequest, handler: ForwardHandler): void {
    this.#handler = handler;
    this.#request = request;
    this.timeout = request.timeout;
    this.#waited = 0;
    if (this.isOver) handler.onEnd('client-gone', false);
    else if (!areSafe(request.target, request.set)) handler.onEnd('malformed', false);
    else (request.upstream as NetUpstream).dispatch(this);
  }

  waitedTooLong(interval: number, limit: number): boolean {
    this.#waited += interval;
    return this.#waited >= limit;
  }

  /** A connection is there: the head is written in one piece with what there is of the body. */
  connected(upstream: UpstreamSocket, isReused: boolean): void {
    const { target, remove, set, keepsReserved } = this.#request as ForwardRequest;
    const head = this.#head;
    const net = (this.#request as ForwardRequest).upstream as NetUpstream;
    this.#upstream = upstream;
    this.#isReused = isReused;
    begin();
    putBytes(head.bytes, 0, head.methodEnd);
    putText(' ');
    putText(target);
    putText(' HTTP/1.1\r\n');
    if (!setsHost(set)) putField('host', net.authority);
    putFields(head, remove, set, keepsReserved);
    const protocol = this.askedUpgrade;
    if (protocol !== null) putText(`connection: upgrade\r\nupgrade: ${protocol}\r\n`);
    if (head.codings > 0) putText('transfer-encoding: chunked\r\n\r\n');
    else if (head.contentLength > 0 || (head.contentLength === 0 && this.method !== 'GET' && this.method !== 'HEAD'))
      putText(`content-length: ${head.contentLength}\r\n\r\n`);
    else putText('\r\n');
    flush(upstream.socket, net.isTls);
    this.#connection.sendBodyTo(upstream.socket, head.codings > 0, head.hasExpect);
  }

  bodySent(): void {
    this.#upstream?.touched();
  }

  upstreamDrained(): void {
    this.#connection.resumeBody();
  }

  inform(head: Head): void {
    if (this.#head.minor === 0) return;
    begin();
    putText(`HTTP/1.1 ${head.status} \r\n`);
    putFields(head, nothing, noFields);
    putText('\r\n');
    flush(this.#connection.socket, this.secure);
  }

  /** The upstream has agreed to what it was asked for, and the client is told so. */
  switched(head: Head, upstream: Socket): NetTunnel {
    const handler = this.#handler as ForwardHandler;
    const connection = this.#connection;
    this.#answered = true;
    this.#upstream = null;
    const tunnel = new NetTunnel(connection.socket, upstream, connection.tunnelLimits, (failure) => {
      this.isOver = true;
      handler.onEnd(failure, true);
    });
    this.#tunnel = tunnel;
    const edits = handler.onHead(head.status, head);
    begin();
    putText('HTTP/1.1 101 Switching Protocols\r\n');
    putFields(head, edits?.remove ?? nothing, edits?.set ?? noFields);
    if (!hasDate(head)) putText(`date: ${connection.date}\r\n`);
    putText(`connection: upgrade\r\nupgrade: ${this.askedUpgrade}\r\n\r\n`);
    if (!flush(connection.socket, this.secure)) upstream.pause();
    connection.carry(tunnel);
    return tunnel;
  }

  /**
   * The answer's head; `left` bytes of body follow (-1 = not known), of which the first `there` stand behind it: one
   * write, if they fit. False = the client does not keep up.
   */
  answer(head: Head, length: number, isBodiless: boolean, left: number, there: number): boolean {
    this.#answered = true;
    const edits = (this.#handler as ForwardHandler).onHead(head.status, head);
    const connection = this.#connection;
    this.#chunked = !isBodiless && left < 0 && this.#head.minor === 1;
    if (!isBodiless && left < 0 && !this.#chunked) connection.keepAlive = false;
    begin();
    putText('HTTP/1.1');
    let reason = 12;
    while (head.bytes[reason] !== CR) reason++;
    putBytes(head.bytes, 8, reason);
    putText(reason === 12 ? ' \r\n' : '\r\n');
    putFields(head, edits?.remove ?? nothing, edits?.set ?? noFields);
    if (!hasDate(head)) putField('date', connection.date);
    if (this.#chunked) putText('transfer-encoding: chunked\r\n');
    else if (length >= 0 && head.status !== 204) putField('content-length', String(length));
    putText(
      connection.endsAfterAnswer()
        ? 'connection: close\r\n\r\n'
        : connection.isHttp10
          ? 'connection: keep-alive\r\n\r\n'
          : '\r\n',
    );
    const isOneWrite = !this.#chunked && there <= room();
    if (isOneWrite) putBytes(head.bytes, head.end, head.end + there);
    const flows = flush(connection.socket, this.secure);
    return isOneWrite || there === 0 ? flows : this.content(head.bytes, head.end, head.end + there);
  }

  /**
   * Bytes of the answer's body. False = the client does not keep up, until `drain` or, of a piece that was not copied,
   * until it has gone.
   * @param large what they are in, if it stays as it is until they have gone: a large piece of it need not be copied
   */
  content(bytes: Buffer, from: number, to: number, large: LargeBuffer | null = null): boolean {
    const { socket } = this.#connection;
    const piece = bytes.subarray(from, to);
    const sent = large !== null && to - from >= worthKeeping ? large.writing() : undefined;
    const data = sent ? piece : Buffer.from(piece);
    let flows: boolean;
    if (this.#chunked) {
      socket.cork();
      socket.write(`${(to - from).toString(16)}\r\n`, 'latin1');
      socket.write(data, sent);
      flows = socket.write('\r\n', 'latin1');
      socket.uncork();
    } else flows = socket.write(data, sent);
    // Nothing is read into its place before it has gone.
    return sent ? socket.writableLength === 0 : flows;
  }

  clientDrained(): void {
    this.#upstream?.resume();
  }

  completed(): void {
    this.isOver = true;
    this.#upstream = null;
    if (this.#chunked) this.#connection.socket.write('0\r\n\r\n', 'latin1');
    (this.#handler as ForwardHandler).onEnd(null, true);
    this.#connection.finished();
  }

  failed(failure: ForwardFailure): void {
    if (this.isOver) return;
    this.#upstream = null;
    if (this.#answered) {
      this.isOver = true;
      this.#connection.cut();
      (this.#handler as ForwardHandler).onEnd(failure, true);
    } else if (failure === 'closed' && this.#mayRetry()) {
      this.#retried = true;
      ((this.#request as ForwardRequest).upstream as NetUpstream).dispatch(this);
    } else {
      (this.#handler as ForwardHandler).onEnd(failure, false);
    }
  }

  #mayRetry(): boolean {
    const hasBody = this.#head.codings > 0 || this.#head.contentLength > 0;
    return this.#isReused && !this.#retried && !hasBody && idempotent.has(this.method);
  }

  clientGone(): void {
    if (this.isOver || this.#tunnel) return;
    this.isOver = true;
    const upstream = this.#upstream;
    if (upstream) upstream.abandon();
    else ((this.#request?.upstream ?? null) as NetUpstream | null)?.cancel(this);
    this.#handler?.onEnd('client-gone', this.#answered);
  }
}

function setsHost(set: readonly Field[]): boolean {
  for (const field of set) if (field[0] === 'host') return true;
  return false;
}

function hasDate(head: Head): boolean {
  for (let field = 0; field < head.count; field++) if (head.kind[field] === kinds.date) return true;
  return false;
}
