/** The way from a gateway to one of its sources: a proxy that breaks connections, and perhaps one that spoils events. */
import type { Certificates } from '../../src/platform/certificates.ts';
import { type EventProxy, startEventProxy } from './event-proxy.ts';
import { freePorts } from './free-ports.ts';
import type { Random } from './random.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export class Path {
  /** Index of the key manager at its end. */
  readonly keyManager: number;
  readonly tcp: TcpProxy;
  /** null = nobody looks into this one. */
  readonly events: EventProxy | null;

  private constructor(keyManager: number, tcp: TcpProxy, events: EventProxy | null) {
    this.keyManager = keyManager;
    this.tcp = tcp;
    this.events = events;
  }

  static async open(
    keyManager: number,
    target: number,
    spoil: { readonly certificates: Certificates; readonly random: Random } | null,
  ): Promise<Path> {
    const [near = 0, middle = 0] = await freePorts(2);
    const events = spoil && (await startEventProxy(middle, target, spoil.certificates, spoil.random));
    return new Path(keyManager, await startTcpProxy(near, events ? middle : target), events);
  }

  /** What the gateway is told. */
  get url(): string {
    return `https://localhost:${this.tcp.port}`;
  }

  async close(): Promise<void> {
    await this.tcp.close();
    await this.events?.close();
  }
}
