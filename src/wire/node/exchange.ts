/**
 * A request on Node's HTTP server. The same object is the request's options and its handler towards undici, so that
 * forwarding allocates nothing but the list of fields.
 */
import type { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type {
  AnswerHead,
  ForwardFailure,
  ForwardHandler,
  ForwardRequest,
  LocalAnswer,
  ServerExchange,
} from '../wire.ts';
import { sendAnswer } from './answer.ts';
import { hasBody, isReceiving } from './body.ts';
import type { Connection } from './connection.ts';
import { answerFields, joined, requestFields } from './fields.ts';
import { failureOf, type NodeUpstream, type UpstreamConnection } from './upstream.ts';

/** Where an exchange stands. */
const open = 0;
/** Forwarded, waits for a connection. */
const waiting = 1;
/** The upstream has the request, or part of it. */
const sent = 2;
/** The answer's head is there. */
const answered = 3;
const over = 4;

/** RFC 9110 9.2.2: only these may be sent twice. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

const abandoned = new Error('the request was abandoned');

/** The one head that can be looked at: the wire is single-threaded, and a head is valid only during `onHead`. */
class CurrentHead implements AnswerHead {
  fields: IncomingHttpHeaders = {};
  header(name: string): string | undefined {
    return joined(this.fields, name);
  }
}
const currentHead = new CurrentHead();

export class NodeExchange implements ServerExchange, Dispatcher.DispatchOptions, Dispatcher.DispatchHandler {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** `node:http` hands a connection that switches over with what it has read ahead, and its answers can't be refused any more. */
  readonly upgrade = null;
  readonly tunnel = null;

  // Read by undici, as options of the request.
  path = '';
  headers: string[] | null = null;
  body: IncomingMessage | null = null;
  headersTimeout = 0;
  bodyTimeout = 0;
  servername: string | null = null;
  /** Written by the pool: the connection that the request goes to. */
  connection: UpstreamConnection | null = null;

  readonly #client: Connection;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #expectsContinue: boolean;
  readonly #isReserved: (name: string) => boolean;
  #phase = open;
  #upstream: NodeUpstream | null = null;
  #handler: ForwardHandler | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  /** Milliseconds in the pool's queue, roughly. */
  #waited = 0;
  #abandoned = false;
  #reusedConnection = false;
  #sawAnswer = false;
  #retried = false;
  /** First piece of the body, held back so that it leaves together with the head, and the end if that is all. */
  #held: Buffer | null = null;
  #streams = false;

  constructor(
    client: Connection,
    request: IncomingMessage,
    response: ServerResponse,
    target: string,
    host: string,
    expectsContinue: boolean,
    isReserved: (name: string) => boolean,
  ) {
    this.#isReserved = isReserved;
    this.#client = client;
    this.#request = request;
    this.#response = response;
    this.method = request.method as string;
    this.target = target;
    this.host = host;
    this.#expectsContinue = expectsContinue;
    client.exchange = this;
  }

  get secure(): boolean {
    return this.#client.secure;
  }

  get version(): string {
    return this.#request.httpVersion;
  }

  get remoteAddress(): string {
    return this.#client.remoteAddress;
  }

  get clientCertificate(): X509Certificate | null {
    return this.#client.clientCertificate;
  }

  get kept(): unknown {
    return this.#client.kept;
  }

  set kept(value: unknown) {
    this.#client.kept = value;
  }

  header(name: string): string | undefined {
    return joined(this.#request.headers, name);
  }

  respond(answer: LocalAnswer): void {
    if (this.#phase === over) return;
    this.#leave();
    sendAnswer(this.#client, this.#request, this.#response, answer);
  }

  forward(request: ForwardRequest, handler: ForwardHandler): void {
    if (this.#phase === over || this.#abandoned) {
      handler.onEnd(this.#abandoned ? 'unreachable' : 'client-gone', false);
      return;
    }
    const { headers, rawHeaders } = this.#request;
    this.#handler = handler;
    this.#upstream = request.upstream as NodeUpstream;
    this.path = request.target;
    this.headers = requestFields(rawHeaders, headers.connection, request, this.#isReserved);
    this.body = hasBody(this.#request) ? this.#request : null;
    this.headersTimeout = this.bodyTimeout = request.timeout;
    this.servername = this.#upstream.servername;
    this.#waited = 0;
    this.#sawAnswer = false;
    this.#phase = waiting;
    // The body will be read from here on; before, a refusal would have spared the client from sending it.
    if (this.#expectsContinue && this.isReceiving) this.#response.writeContinue();
    this.#upstream.dispatch(this);
  }

  /** Is the end of the request still to come? */
  get isReceiving(): boolean {
    return isReceiving(this.#request);
  }

  get isAnswered(): boolean {
    return this.#phase === answered;
  }

  /** Does its progress depend on the client sending more? */
  get awaitsBody(): boolean {
    return this.#phase !== open && this.isReceiving && !this.#request.isPaused();
  }

  /** Called from time to time: a request must not wait for a free connection for ever. */
  watch(interval: number): void {
    if (this.#phase !== waiting) return;
    this.#waited += interval;
    if (this.#waited <= (this.#upstream as NodeUpstream).connectTimeout + interval) return;
    this.#abandoned = true;
    this.#fail('unreachable');
  }

  clientGone(): void {
    const phase = this.#phase;
    if (phase === over) return;
    this.#phase = over;
    this.#held = null;
    this.#controller?.abort(abandoned);
    if (phase !== open) this.#handler?.onEnd('client-gone', phase === answered);
  }

  // undici's handler

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, undici forgets the request without giving up the connection.
    if (this.#phase !== waiting) throw abandoned;
    this.#phase = sent;
    this.#controller = controller;
    this.#reusedConnection = (this.connection as UpstreamConnection).take();
  }

  onResponseStarted(): void {
    this.#sawAnswer = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#phase !== sent) return;
    if (status < 200) {
      this.#inform(status, headers);
      return;
    }
    const coding = headers['transfer-encoding'];
    // Other codings would be taken off by nobody.
    if (coding !== undefined && String(coding).toLowerCase() !== 'chunked') {
      this.#fail('malformed');
      return;
    }
    this.#phase = answered;
    currentHead.fields = headers;
    const edits = (this.#handler as ForwardHandler).onHead(status, currentHead);
    if (this.#client.isLast(this.#request)) this.#response.shouldKeepAlive = false;
    if (this.isReceiving) this.#closeAfterAnswer();
    this.#response.writeHead(status, answerFields(status, headers, edits));
    process.nextTick(NodeExchange.#stream, this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase !== answered) return;
    if (!this.#streams && this.#held === null) {
      this.#held = chunk;
      return;
    }
    NodeExchange.#stream(this);
    this.#write(controller, chunk);
  }

  onResponseEnd(): void {
    if (this.#phase !== answered) return;
    const held = this.#held;
    this.#held = null;
    this.#leave();
    if (held) this.#response.end(held);
    else this.#response.end();
    (this.#handler as ForwardHandler).onEnd(null, true);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#phase === open || this.#phase === over) return;
    const failure = failureOf(error, this.#phase !== waiting, this.isAnswered);
    if (failure === 'closed' && this.#mayRetry()) {
      this.#retried = true;
      this.#phase = waiting;
      // Not from within undici's clearing up after the lost connection.
      setImmediate(NodeExchange.#again, this);
      return;
    }
    this.#fail(failure);
  }

  /** Nothing of an answer came, on a connection that the upstream may have closed before it saw the request. */
  #mayRetry(): boolean {
    return (
      this.#reusedConnection && !this.#retried && !this.#sawAnswer && this.body === null && idempotent.has(this.method)
    );
  }

  static #again(exchange: NodeExchange): void {
    if (exchange.#phase === waiting) (exchange.#upstream as NodeUpstream).dispatch(exchange);
  }

  /** An interim answer is passed on (RFC 9110 15.2), but not to HTTP/1.0, which knows none. */
  #inform(status: number, headers: IncomingHttpHeaders): void {
    if (status === 101 || this.#request.httpVersionMinor === 0) return;
    this.#response.writeInformation(status, answerFields(status, headers, null));
  }

  /** Sends the head, if that has not happened, and what was held back. */
  static #stream(exchange: NodeExchange): void {
    if (exchange.#phase !== answered || exchange.#streams) return;
    exchange.#streams = true;
    const held = exchange.#held;
    exchange.#held = null;
    if (held) exchange.#write(exchange.#controller as Dispatcher.DispatchController, held);
    else exchange.#response.flushHeaders();
  }

  #write(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk) || controller.paused) return;
    controller.pause();
    // `drain` may come from within our own write or end, that is, within undici's parser, which can't be resumed there.
    this.#response.once('drain', () => process.nextTick(NodeExchange.#resume, this));
  }

  static #resume(exchange: NodeExchange): void {
    if (exchange.#phase === answered) exchange.#controller?.resume();
  }

  #fail(failure: ForwardFailure): void {
    const handler = this.#handler as ForwardHandler;
    const isAnswered = this.isAnswered;
    // Before the abort, so that what undici reports of it is not heard.
    this.#phase = open;
    this.#controller?.abort(abandoned);
    this.#controller = null;
    if (isAnswered) {
      this.#leave();
      this.#held = null;
      // Without chunks a close is how an answer ends; only a reset tells an HTTP/1.0 client that it did not.
      if (this.#request.httpVersionMinor === 0 && !this.secure) this.#client.socket.resetAndDestroy();
      else this.#client.socket.destroy();
      handler.onEnd(failure, true);
      return;
    }
    handler.onEnd(failure, false);
  }

  /** The client is still sending while it is answered: what follows on this connection is not a request. */
  #closeAfterAnswer(): void {
    this.#response.shouldKeepAlive = false;
    this.#client.lingerAfterAnswer();
  }

  #leave(): void {
    this.#phase = over;
    this.#client.remove();
  }
}
