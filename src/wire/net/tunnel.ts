/**
 * Two connections that have switched to another protocol: what comes from one goes to the other as it is. Neither is read
 * while the other does not take what it has, so that a tunnel never holds more than what its sockets buffer.
 */
import type { Socket } from 'node:net';
import type { ForwardFailure, Tunnel } from '../wire.ts';

export interface TunnelLimits {
  /** Milliseconds without a byte either way. */
  readonly silence: number;
  /** The same once a side has closed, or does not take what is sent to it. */
  readonly stall: number;
}

export class NetTunnel implements Tunnel {
  fromClient = 0;
  fromUpstream = 0;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #limits: TunnelLimits;
  readonly #ended: (failure: ForwardFailure | null) => void;
  #clientEnded = false;
  #upstreamEnded = false;
  #closed = 0;
  #isOver = false;
  #progress = 0;
  #quiet = 0;

  /** @param ended told once, when both connections are closed or about to be */
  constructor(client: Socket, upstream: Socket, limits: TunnelLimits, ended: (failure: ForwardFailure | null) => void) {
    this.#client = client;
    this.#upstream = upstream;
    this.#limits = limits;
    this.#ended = ended;
    // One side may have said all while the other still speaks.
    upstream.allowHalfOpen = true;
    client.removeAllListeners('data');
    client.on('data', (bytes: Buffer) => this.takeFromClient(bytes));
    client.on('drain', () => upstream.resume());
    upstream.on('drain', () => client.resume());
    client.on('end', () => this.endClient());
    upstream.on('end', () => {
      this.#upstreamEnded = true;
      client.end();
    });
    client.on('close', () => this.#onClose('client-gone'));
    upstream.on('close', () => this.#onClose('closed'));
  }

  /** The client has said all. */
  endClient(): void {
    this.#clientEnded = true;
    this.#upstream.end();
  }

  takeFromClient(bytes: Buffer): void {
    this.fromClient += bytes.length;
    if (!this.#upstream.write(bytes)) this.#client.pause();
  }

  /** @param bytes not looked at any more after the call */
  takeFromUpstream(bytes: Buffer): void {
    this.fromUpstream += bytes.length;
    if (!this.#client.write(Buffer.from(bytes))) this.#upstream.pause();
  }

  watch(interval: number): void {
    const client = this.#client;
    const upstream = this.#upstream;
    const unsent = client.writableLength + upstream.writableLength;
    const progress = this.fromClient + this.fromUpstream + client.bytesWritten + upstream.bytesWritten - unsent;
    this.#quiet = progress === this.#progress ? this.#quiet + interval : 0;
    this.#progress = progress;
    const { silence, stall } = this.#limits;
    const waits = unsent > 0 || this.#clientEnded || this.#upstreamEnded;
    if (this.#quiet >= (waits ? Math.min(stall, silence) : silence)) this.cut('timeout');
  }

  cut(why: ForwardFailure = 'cut'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client.destroy();
    this.#upstream.destroy();
    this.#ended(why);
  }

  #onClose(why: ForwardFailure): void {
    if (!this.#clientEnded || !this.#upstreamEnded) this.cut(why);
    else if (++this.#closed === 2 && !this.#isOver) {
      this.#isOver = true;
      this.#ended(null);
    }
  }
}
