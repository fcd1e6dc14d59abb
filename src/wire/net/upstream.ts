/** Connections to a back end: a stack of idle ones, each of which reads answers for one exchange at a time. */
import type { Socket, SocketConstructorOpts } from 'node:net';
import type { ClientCertificate, UpstreamOptions } from '../wire.ts';
import type { Exchange, ExchangeUpstream } from './exchange.ts';
import { Origin } from './origin.ts';
import { ReadOnSocket } from './read-on-socket.ts';
import { UpstreamSocket } from './upstream-socket.ts';

const sweepInterval = 100;

export interface Reader {
  /** The bytes can be looked at until it returns. */
  readonly read: (bytes: Buffer) => void;
  /** Where to read into from now on; undefined = as before. */
  readonly nextBuffer: () => Buffer | undefined;
  /** What is written does not get there any more; what came before can still be read. */
  readonly unwritable: () => void;
}

export class NetUpstream implements ExchangeUpstream {
  readonly origin: string;
  readonly options: UpstreamOptions;
  readonly authority: string;
  readonly isTls: boolean;
  readonly #whom: Origin;
  readonly #idle: UpstreamSocket[] = [];
  readonly #waiting: Exchange[] = [];
  readonly #open = new Set<UpstreamSocket>();
  #closed = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: UpstreamOptions) {
    this.options = options;
    this.origin = options.origin;
    this.#whom = new Origin(options);
    this.authority = this.#whom.authority;
    this.isTls = this.#whom.isTls;
  }

  dispatch(exchange: Exchange): void {
    this.#sweep ??= setInterval(() => this.#watch(), sweepInterval).unref();
    for (let socket = this.#idle.pop(); socket; socket = this.#idle.pop()) {
      if (socket.isAlive) {
        socket.begin(exchange);
        return;
      }
    }
    const { maxConnections } = this.options;
    if (maxConnections > 0 && this.#open.size >= maxConnections) this.#waiting.push(exchange);
    else this.#open.add(new UpstreamSocket(this, exchange));
  }

  /** @param reader gets what is read, in a buffer that it may ask for another one in place of after each read */
  connect(reader: Reader): Socket {
    if (this.isTls) return this.#whom.connectTls().on('data', (bytes: Buffer) => reader.read(bytes));
    const { host, port } = this.#whom;
    const callback = (n: number, into: Uint8Array): boolean => {
      reader.read((into as Buffer).subarray(0, n));
      return true;
    };
    // Its types know one buffer only; without a new one the one before stays.
    const buffer = reader.nextBuffer as () => Buffer;
    const options: SocketConstructorOpts = { noDelay: true, onread: { buffer, callback } };
    return new ReadOnSocket(options, reader.unwritable).connect(port, host);
  }

  release(socket: UpstreamSocket): void {
    const next = this.#waiting.length > 0 ? this.#waiting.shift() : undefined;
    if (next) socket.begin(next);
    else if (this.#closed) socket.close();
    else this.#idle.push(socket);
  }

  forget(socket: UpstreamSocket): void {
    this.#open.delete(socket);
    const at = this.#idle.indexOf(socket);
    if (at >= 0) this.#idle.splice(at, 1);
    const next = this.#waiting.shift();
    if (next) this.dispatch(next);
    if (this.#open.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
  }

  cancel(exchange: Exchange): void {
    const at = this.#waiting.indexOf(exchange);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #watch(): void {
    for (const socket of this.#open) socket.watch(sweepInterval);
    for (const exchange of [...this.#waiting]) {
      if (!exchange.waitedTooLong(sweepInterval, this.options.connectTimeout)) continue;
      this.cancel(exchange);
      exchange.failed('unreachable');
    }
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#idle.splice(0)) socket.close();
  }

  present(clientCertificate: ClientCertificate): void {
    this.#whom.present(clientCertificate);
    for (const socket of this.#idle.splice(0)) socket.close();
  }
}
