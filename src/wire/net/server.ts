/** The listening side, on `node:net` and `node:tls`. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { Addresses } from '../addresses.ts';
import { answerBytes } from '../answer-bytes.ts';
import { ServerSession } from '../http2/server-session.ts';
import { refusePlainHttp } from '../plain-http.ts';
import { ReservedFields } from '../reserved.ts';
import { secureAnew, secureOptions } from '../secure-options.ts';
import type { ListenOptions, ServerExchange, ServerOptions, ServerTls, WireServer } from '../wire.ts';
import { ClientConnection } from './connection.ts';

const sweepInterval = 100;

export class NetServer implements WireServer {
  readonly options: ServerOptions;
  readonly handle: (exchange: ServerExchange) => void;
  readonly reserved: ReservedFields;
  isDraining = false;
  /** Of this second. */
  date = new Date().toUTCString();
  readonly #server: Server;
  readonly #connections = new Set<ClientConnection>();
  /** Those that speak HTTP/2. */
  readonly #sessions = new Set<ServerSession>();
  #accepted = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: ServerOptions, handle: (exchange: ServerExchange) => void) {
    this.options = options;
    this.handle = handle;
    this.reserved = new ReservedFields(options.reserved ?? []);
    const { tls, http2 = true } = options;
    const settings = { noDelay: true, allowHalfOpen: true };
    if (tls) {
      const server = createSecureServer({
        ...settings,
        ...secureOptions(tls),
        handshakeTimeout: options.headTimeout,
        ALPNProtocols: [...(http2 ? ['h2'] : []), 'http/1.1'],
      });
      refusePlainHttp(server, () => options.refuse('without-tls'));
      // Node only tells of a handshake that took too long, and leaves the connection open.
      server.on('tlsClientError', ({ code }: NodeJS.ErrnoException, socket) => {
        if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') socket.destroy();
      });
      this.#server = server;
    } else this.#server = createServer(settings);
    this.#server.on('connection', () => this.#accepted++);
    const addresses = new Addresses(options.maxConnectionsPerAddress ?? 0);
    this.#server.on('connection', (socket: Socket) => {
      if (addresses.admit(socket)) return void (tls || this.#serve(socket, false));
      // A handshake for the sake of an answer is what a flood would want.
      if (tls) return void socket.destroy();
      // Nobody else looks at it: a reset must not be the end of all others, nor what it sends keep it open.
      socket.on('error', () => {});
      socket.write(answerBytes(options.refuse('too-many-connections')));
      socket.destroySoon();
    });
    if (tls)
      this.#server.on('secureConnection', (socket: TLSSocket) => {
        if (socket.alpnProtocol === 'h2') this.serveHttp2(socket, true);
        else this.#serve(socket, true);
      });
  }

  #serve(socket: Socket, secure: boolean): void {
    this.#connections.add(new ClientConnection(this, socket, secure));
  }

  serveHttp2(socket: Socket, secure: boolean): void {
    this.#sessions.add(new ServerSession(this, socket, secure));
  }

  forgetSession(session: ServerSession): void {
    this.#sessions.delete(session);
  }

  forget(connection: ClientConnection): void {
    this.#connections.delete(connection);
  }

  listen({ host, port, reusePort }: ListenOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, reusePort, exclusive: true, backlog: 4096 }, () => {
        this.#server.off('error', reject);
        this.#sweep = setInterval(() => {
          this.date = new Date().toUTCString();
          for (const connection of this.#connections) connection.watch(sweepInterval);
          for (const session of this.#sessions) session.watch(sweepInterval);
        }, sweepInterval).unref();
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  useTls(tls: ServerTls): void {
    if (!secureAnew(this.#server as TlsServer, tls)) return;
    for (const connection of this.#connections) connection.ending = true;
    for (const session of this.#sessions) session.drain();
  }

  drain(timeout: number): Promise<void> {
    this.isDraining = true;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(cut);
        clearInterval(this.#sweep);
        resolve();
      };
      const cut = setTimeout(() => {
        for (const connection of this.#connections) connection.drop();
        for (const { socket } of this.#sessions) socket.destroy();
        this.#server.close();
        done();
      }, timeout);
      const takeIn = (seen: number, turns: number) => {
        if (this.#accepted !== seen && turns < 100) {
          setImmediate(takeIn, this.#accepted, turns + 1);
          return;
        }
        this.#server.close(done);
        for (const connection of this.#connections) if (connection.isIdle) connection.socket.destroySoon();
        for (const session of this.#sessions) session.drain();
      };
      setImmediate(takeIn, -1, 0);
    });
  }
}
