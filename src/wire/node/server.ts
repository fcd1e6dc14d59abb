/** The listening side, on `node:http` and `node:https`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { Addresses } from '../addresses.ts';
import { answerBytes } from '../answer-bytes.ts';
import { refusePlainHttp } from '../plain-http.ts';
import { ReservedFields } from '../reserved.ts';
import { secureAnew, secureOptions } from '../secure-options.ts';
import { isHost, isOriginForm, reduceAbsoluteForm } from '../target.ts';
import type { ListenOptions, RequestDefect, ServerExchange, ServerOptions, ServerTls, WireServer } from '../wire.ts';
import { sendAnswer } from './answer.ts';
import { isFramed } from './body.ts';
import { Connection, type Serve } from './connection.ts';
import { NodeExchange } from './exchange.ts';
import { asksToSwitch } from './upgrade.ts';

/** Milliseconds between two looks at what the clients do. */
const watchInterval = 1_000;
/** Milliseconds between two searches for idle connections while draining. */
const idleInterval = 50;
/** Default of `bodyTimeout`. */
const defaultBodyTimeout = 30_000;
/** Event-loop turns at most for taking in the connections that wait in the kernel when a drain begins. */
const maxAcceptTurns = 100;

export class NodeServer implements WireServer {
  readonly #options: ServerOptions;
  readonly #handle: (exchange: ServerExchange) => void;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #isReserved: (name: string) => boolean;
  #accepted = 0;
  #draining = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: ServerOptions, handle: (exchange: ServerExchange) => void) {
    this.#options = options;
    this.#handle = handle;
    const reserved = new ReservedFields(options.reserved ?? []);
    this.#isReserved = (name) => reserved.hasName(name);
    this.#server = this.#create();
    this.#server.on('connection', () => this.#accepted++);
    const addresses = new Addresses(options.maxConnectionsPerAddress ?? 0);
    this.#server.prependListener('connection', (socket: Socket) => {
      if (addresses.admit(socket)) return;
      // A handshake for the sake of an answer is what a flood would want.
      if (!options.tls) socket.write(answerBytes(options.refuse('too-many-connections')));
      socket.destroySoon();
    });
    this.#server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#accept(socket));
    this.#server.on('request', (request, response) => receive(request, response, false));
    this.#server.on('checkContinue', (request, response) => receive(request, response, true));
    // An expectation that we can't meet; it is refused when it is its turn.
    this.#server.on('checkExpectation', (request, response) => receive(request, response, false));
    // Not a proxy for arbitrary connections: without a listener the connection would be cut without an answer.
    this.#server.on('connect', (_request, socket: Socket) => this.#reject(socket, 'malformed'));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#unreadable(error, socket));
  }

  #create(): Server {
    const { tls, maxHeadSize, headTimeout, keepAliveTimeout } = this.#options;
    const common = {
      maxHeaderSize: maxHeadSize,
      headersTimeout: headTimeout,
      // A total for head and body would cut long uploads; stalled ones are found by watching.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.max(50, Math.min(1_000, headTimeout / 4)),
      keepAliveTimeout,
      // Host is checked together with the target. Duplicates are joined so that they are seen.
      requireHostHeader: false,
      joinDuplicateHeaders: true,
      optimizeEmptyRequests: true,
      noDelay: true,
      insecureHTTPParser: false,
    };
    if (!tls) return createServer(common);
    const server = createSecureServer({
      ...common,
      ...secureOptions(tls),
      handshakeTimeout: headTimeout,
      ALPNProtocols: ['http/1.1'],
    });
    refusePlainHttp(server, () => this.#options.refuse('without-tls'));
    return server;
  }

  listen({ host, port, reusePort }: ListenOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, reusePort, exclusive: true, backlog: 4096 }, () => {
        this.#server.off('error', reject);
        this.#watch = setInterval(() => this.#lookAround(), watchInterval).unref();
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  useTls(tls: ServerTls): void {
    if (!secureAnew(this.#server as SecureServer, tls)) return;
    for (const connection of this.#connections) connection.ending = true;
  }

  drain(timeout: number): Promise<void> {
    this.#draining = true;
    for (const connection of this.#connections) connection.ending = true;
    return new Promise((resolve) => {
      let idle: NodeJS.Timeout | undefined;
      const done = () => {
        clearTimeout(cut);
        clearInterval(idle);
        clearInterval(this.#watch);
        // For the timers of `node:http`'s own.
        this.#server.close();
        resolve();
      };
      const cut = setTimeout(() => {
        this.#server.closeAllConnections();
        for (const connection of this.#connections) connection.socket.destroy();
        done();
      }, timeout);
      const closeIdle = () => {
        for (const connection of this.#connections) if (connection.isIdle) connection.socket.destroySoon();
      };
      // Closing now would reset what waits in the kernel's queue; each turn of the event loop accepts some of it.
      const takeIn = (seen: number, turns: number) => {
        if (this.#accepted !== seen && turns < maxAcceptTurns) {
          setImmediate(takeIn, this.#accepted, turns + 1);
          return;
        }
        // Not the server's own `close`, which takes connections whose request is still to be read for idle.
        NetServer.prototype.close.call(this.#server, done);
        closeIdle();
        // Those whose answer had promised to keep the connection become idle later.
        idle = setInterval(closeIdle, idleInterval);
      };
      setImmediate(takeIn, -1, 0);
    });
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this.#options.tls !== undefined, this.#serve);
    connection.ending = this.#draining;
    this.#connections.add(connection);
    socket.on('close', () => {
      this.#connections.delete(connection);
      connection.closed();
    });
  }

  readonly #serve: Serve = (connection, request, response, expectsContinue) => {
    const isHttp10 = request.httpVersionMinor === 0;
    const method = request.method as string;
    let target = request.url as string;
    let host = request.headers.host;
    if (!target.startsWith('/')) {
      const reduced = reduceAbsoluteForm(target, method, host);
      if (reduced && isHost(host, isHttp10)) ({ target, host } = reduced);
    }
    const { maxBodySize = 0, maxRequests = 0 } = this.#options;
    if (++connection.requests === maxRequests) connection.ending = true;
    let defect: RequestDefect | null = null;
    if (target.length > this.#options.maxTargetLength) defect = 'target-too-long';
    else if (
      request.httpVersionMajor !== 1 ||
      !isHost(host, isHttp10) ||
      !isOriginForm(target, method) ||
      !isFramed(request) ||
      (request.headers.expect !== undefined && !expectsContinue && !isHttp10)
    )
      defect = 'malformed';
    else if (maxBodySize > 0 && Number(request.headers['content-length'] ?? 0) > maxBodySize) defect = 'body-too-large';
    else if (asksToSwitch(request, this.#options.upgrades ?? [])) defect = 'upgrade-not-built';
    if (defect !== null) {
      response.shouldKeepAlive = false;
      sendAnswer(connection, request, response, this.#options.refuse(defect));
      return;
    }
    this.#handle(
      new NodeExchange(connection, request, response, target, host ?? '', expectsContinue, this.#isReserved),
    );
  };

  #unreadable(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = Connection.of(socket);
    if (connection?.lingers) return;
    if (error.code === 'HPE_CLOSED_CONNECTION') {
      // More after a request with `connection: close`: not processed, and no reason not to answer that one.
      connection?.lingerAfterAnswer();
      return;
    }
    const defect = defectOf(error);
    if (defect === 'timeout' && connection?.endAfterWaiting()) return;
    // Silence before the first byte is a client that changed its mind, not a slow head.
    if (defect === null || socket.bytesRead === 0) socket.destroy();
    else this.#reject(socket, defect);
  }

  /** Refuses what came, unless an answer is under way: bytes of ours in between would be taken for a part of it. */
  #reject(socket: Socket, defect: RequestDefect): void {
    const connection = Connection.of(socket);
    // `node:http` reports some heads as a request first.
    if (connection?.hasEnded) connection.linger();
    else if (connection?.spoil()) this.#refuse(socket, defect);
    else socket.destroy();
  }

  /** Refuses what never became a request of `node:http`'s. */
  #refuse(socket: Socket, defect: RequestDefect): void {
    const connection = Connection.of(socket);
    if (!connection || !socket.writable) return void socket.destroy();
    // `node:http` has taken its own listener away when it hands a CONNECT over.
    socket.on('error', () => {});
    socket.write(answerBytes(this.#options.refuse(defect)));
    connection.linger();
  }

  #lookAround(): void {
    const patience = this.#options.bodyTimeout ?? defaultBodyTimeout;
    for (const connection of this.#connections) connection.watch(watchInterval, patience);
  }
}

function receive(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
  Connection.of(request.socket)?.receive(request, response, expectsContinue);
}

/** Null = not the request's fault: the connection was lost. */
function defectOf(error: NodeJS.ErrnoException): RequestDefect | null {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'head-too-large';
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'timeout';
  return error.code?.startsWith('HPE_') ? 'malformed' : null;
}
