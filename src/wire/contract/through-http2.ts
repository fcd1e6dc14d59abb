/**
 * A wire with HTTP/2 in its midst: what its upstreams are asked for goes over HTTP/2 to another server of the same kind, and from
 * there over HTTP/1.1 to the back end. So the contract, which is about bytes of HTTP/1.1, holds for both sides of HTTP/2.
 */
import type { Exchange, ExchangeUpstream } from '../net/exchange.ts';
import type { ClientCertificate, ServerExchange, UpstreamOptions, Wire, WireServer } from '../wire.ts';

export function throughHttp2(wire: Wire): Wire {
  return {
    createServer: wire.createServer,
    createUpstream: (options) => new Detour(wire, options),
  };
}

class Detour implements ExchangeUpstream {
  readonly origin: string;
  readonly authority: string;
  readonly isTls = false;
  readonly #last: ExchangeUpstream;
  readonly #server: WireServer;
  #first: ExchangeUpstream | null = null;
  readonly #early: Exchange[] = [];

  constructor(wire: Wire, options: UpstreamOptions) {
    this.origin = options.origin;
    this.authority = new URL(options.origin).host;
    this.#last = wire.createUpstream(options) as ExchangeUpstream;
    this.#server = wire.createServer(
      {
        maxHeadSize: 1_048_576,
        maxTargetLength: 65_536,
        headTimeout: 60_000,
        keepAliveTimeout: 60_000,
        refuse: (defect) => ({ status: 500, fields: [], body: `on the way: ${defect}` }),
      },
      (exchange) => this.#forward(exchange),
    );
    void this.#server.listen({ host: '127.0.0.1', port: 0, reusePort: false }).then((port) => {
      const between = { ...options, origin: `http://127.0.0.1:${port}`, http2: 'only' as const };
      this.#first = wire.createUpstream(between) as ExchangeUpstream;
      for (const exchange of this.#early.splice(0)) this.#first.dispatch(exchange);
    });
  }

  /** What the first request said of its Host was about the origin: here it is about the way there. */
  #forward(exchange: ServerExchange): void {
    const own = new URL((this.#first as ExchangeUpstream).origin).host;
    exchange.forward(
      {
        upstream: this.#last,
        target: exchange.target,
        remove: [],
        set: exchange.host === own ? [] : [['host', exchange.host]],
        timeout: 60_000,
      },
      {
        onHead: () => null,
        onEnd(failure, answered) {
          if (failure && !answered) exchange.respond({ status: 502, fields: [['x-failure', failure]], body: failure });
        },
      },
    );
  }

  dispatch(exchange: Exchange): void {
    if (this.#first) this.#first.dispatch(exchange);
    else this.#early.push(exchange);
  }

  cancel(exchange: Exchange): void {
    this.#first?.cancel(exchange);
    const at = this.#early.indexOf(exchange);
    if (at >= 0) this.#early.splice(at, 1);
  }

  present(clientCertificate: ClientCertificate): void {
    this.#last.present(clientCertificate);
  }

  close(): void {
    this.#first?.close();
    this.#last.close();
    void this.#server.drain(100);
  }
}
