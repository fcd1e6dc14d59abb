/** The listening side, on `node:net` and `node:tls`. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { refusePlainHttp } from '../plain-http.ts';
import type { ListenOptions, ServerExchange, ServerOptions, WireServer } from '../wire.ts';
import { ClientConnection } from './connection.ts';

const sweepInterval = 100;

export class NetServer implements WireServer {
  readonly options: ServerOptions;
  readonly handle: (exchange: ServerExchange) => void;
  isDraining = false;
  /** Of this second. */
  date = new Date().toUTCString();
  readonly #server: Server;
  readonly #connections = new Set<ClientConnection>();
  #accepted = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: ServerOptions, handle: (exchange: ServerExchange) => void) {
    this.options = options;
    this.handle = handle;
    const { tls } = options;
    const settings = { noDelay: true, allowHalfOpen: true };
    if (tls) {
      const server = createSecureServer({ ...settings, ...tls, ALPNProtocols: ['http/1.1'] });
      refusePlainHttp(server, () => options.refuse('malformed'));
      this.#server = server;
    } else this.#server = createServer(settings);
    this.#server.on('connection', () => this.#accepted++);
    this.#server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) =>
      this.#connections.add(new ClientConnection(this, socket, tls !== undefined)),
    );
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
        }, sweepInterval).unref();
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
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
        for (const connection of this.#connections) connection.socket.destroy();
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
      };
      setImmediate(takeIn, -1, 0);
    });
  }
}
