/**
 * An upstream in HTTP/2: few connections, each with as many requests at a time as the peer allows. Another one is opened when
 * all of them are full, up to the limit of connections, and beyond that requests wait.
 */
import type { Exchange, ExchangeUpstream } from '../net/exchange.ts';
import { Origin } from '../net/origin.ts';
import { NetUpstream } from '../net/upstream.ts';
import type { ClientCertificate, UpstreamOptions } from '../wire.ts';
import { UpstreamSession } from './upstream-session.ts';

const sweepInterval = 100;

export class Http2Upstream implements ExchangeUpstream {
  readonly origin: string;
  readonly options: UpstreamOptions;
  readonly authority: string;
  readonly isTls: boolean;
  readonly whom: Origin;
  /** Those that take requests, or will. */
  readonly #sessions = new Set<UpstreamSession>();
  /** Those that only finish what is under way. */
  readonly #retired = new Set<UpstreamSession>();
  readonly #waiting: Exchange[] = [];
  /** The one that is being connected: others wait for what it finds out. */
  #connecting: UpstreamSession | null = null;
  /** Carries everything once the origin has chosen HTTP/1.1. */
  #http1: NetUpstream | null = null;
  /** For what is to be switched to another protocol. */
  readonly #overHttp1: NetUpstream;
  #closed = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: UpstreamOptions) {
    this.options = options;
    this.origin = options.origin;
    this.whom = new Origin(options);
    this.#overHttp1 = new NetUpstream(options);
    this.authority = this.whom.authority;
    this.isTls = this.whom.isTls;
  }

  dispatch(exchange: Exchange): void {
    if (this.#http1) return this.#http1.dispatch(exchange);
    // There are no upgrades in HTTP/2.
    if (exchange.askedUpgrade !== null && this.options.http2 === 'offered') return this.#overHttp1.dispatch(exchange);
    this.#sweep ??= setInterval(() => this.#watch(), sweepInterval).unref();
    for (const session of this.#sessions) if (session.hasRoom) return session.begin(exchange);
    this.#waiting.push(exchange);
    this.#connect();
  }

  cancel(exchange: Exchange): void {
    this.#overHttp1.cancel(exchange);
    const at = this.#waiting.indexOf(exchange);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Opens a connection if somebody waits, none is being opened, and there may be one more. */
  #connect(): void {
    const { maxConnections } = this.options;
    if (this.#waiting.length === 0 || this.#connecting) return;
    if (maxConnections > 0 && this.#sessions.size + this.#retired.size >= maxConnections) return;
    // A peer that allows no request at all allows none on another connection either.
    for (const session of this.#sessions) if (!session.isBusy) return;
    const session = new UpstreamSession(this);
    this.#connecting = session;
    this.#sessions.add(session);
  }

  /** A session has room. */
  serveWaiting(session: UpstreamSession): void {
    if (this.#connecting === session) this.#connecting = null;
    while (session.hasRoom) {
      const next = this.#waiting.shift();
      if (!next) break;
      session.begin(next);
    }
    if (this.#closed && !session.isBusy) session.retire();
    else this.#connect();
  }

  /** It takes no more requests, but finishes those that it has. */
  retire(session: UpstreamSession): void {
    if (this.#sessions.delete(session)) this.#retired.add(session);
  }

  /** The origin has not chosen HTTP/2. */
  speaksHttp1(session: UpstreamSession): void {
    this.#http1 = this.#overHttp1;
    this.#drop(session);
    for (const exchange of this.#waiting.splice(0)) this.#overHttp1.dispatch(exchange);
  }

  /** The connection has ended, or there never was one. */
  forget(session: UpstreamSession): void {
    const isUnreachable = this.#connecting === session;
    this.#drop(session);
    if (!isUnreachable) this.#connect();
    // Those who may still get a stream of another connection wait for it; in a moment one more is tried.
    else if (this.#sessions.size === 0) for (const exchange of this.#waiting.splice(0)) exchange.failed('unreachable');
  }

  #drop(session: UpstreamSession): void {
    if (this.#connecting === session) this.#connecting = null;
    this.#sessions.delete(session);
    this.#retired.delete(session);
    if (this.#sessions.size + this.#retired.size + this.#waiting.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #watch(): void {
    for (const session of [...this.#sessions, ...this.#retired]) session.watch(sweepInterval);
    for (const exchange of [...this.#waiting]) {
      if (!exchange.waitedTooLong(sweepInterval, this.options.connectTimeout)) continue;
      this.cancel(exchange);
      exchange.failed('unreachable');
    }
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#overHttp1.close();
    for (const session of [...this.#sessions]) session.retire();
  }

  present(clientCertificate: ClientCertificate): void {
    this.whom.present(clientCertificate);
    this.#overHttp1.present(clientCertificate);
    for (const session of [...this.#sessions]) if (session !== this.#connecting) session.retire();
  }
}
