/** A back end's pooled connections, carried by undici. */
import { isIP } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { ClientCertificate, ForwardFailure, Upstream, UpstreamOptions } from '../wire.ts';
import type { NodeExchange } from './exchange.ts';

/** Bytes of an answer's head at most. */
const maxAnswerHead = 65_536;

export class NodeUpstream implements Upstream {
  readonly origin: string;
  /** Name for SNI and the certificate check; the Host field must not decide on it. Null for an address. */
  readonly servername: string | null;
  readonly connectTimeout: number;
  #options: UpstreamOptions;
  #pool: Pool;

  constructor(options: UpstreamOptions) {
    const url = new URL(options.origin);
    if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.pathname !== '/' || url.search || url.username)
      throw new TypeError(`origin: expected http(s)://host[:port], got ${options.origin}`);
    if (options.http2 === 'only') throw new TypeError(`${options.origin}: this wire has no HTTP/2`);
    this.origin = options.origin;
    const isAddress = isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
    this.servername = url.protocol === 'https:' && !isAddress ? url.hostname : null;
    this.connectTimeout = options.connectTimeout;
    this.#options = options;
    this.#pool = createPool(options, true);
  }

  dispatch(exchange: NodeExchange): void {
    this.#pool.dispatch(exchange, exchange);
  }

  close(): void {
    void this.#pool.close();
    // A request that was routed here before, but gets here only now, has a connection to itself.
    this.#pool = createPool(this.#options, false);
  }

  present(clientCertificate: ClientCertificate): void {
    this.#options = { ...this.#options, clientCertificate };
    void this.#pool.close();
    this.#pool = createPool(this.#options, true);
  }
}

function createPool(options: UpstreamOptions, keepAlive: boolean): Pool {
  return new Pool(options.origin, {
    connections: options.maxConnections || null,
    pipelining: keepAlive ? 1 : 0,
    keepAliveTimeout: options.idleTimeout,
    keepAliveMaxTimeout: options.idleTimeout,
    maxHeaderSize: maxAnswerHead,
    allowH2: false,
    factory: (origin, clientOptions) => new UpstreamConnection(origin, clientOptions),
    connect: { timeout: options.connectTimeout, ...tlsContext(options) },
  });
}

/** Made once per upstream: parsing the system's certificates for each connection would cost milliseconds. */
function tlsContext(options: UpstreamOptions): { secureContext?: SecureContext } {
  if (!options.origin.startsWith('https:')) return {};
  const { ca, clientCertificate } = options;
  return {
    secureContext: createSecureContext({
      ...(ca ? { ca: [...getCACertificates('default'), ...ca] } : {}),
      ...(clientCertificate ?? {}),
    }),
  };
}

/**
 * One connection of the pool. It tells the exchange whether it has carried a request before, because then (and only
 * then) its closing may mean that the upstream had given it up just as we used it.
 */
class UpstreamConnection extends Client {
  #used = false;

  constructor(origin: URL, options: object) {
    super(origin, options);
    this.on('disconnect', () => {
      this.#used = false;
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    (handler as NodeExchange).connection = this;
    return super.dispatch(options, handler);
  }

  /** True from the second request on. */
  take(): boolean {
    const used = this.#used;
    this.#used = true;
    return used;
  }
}

export type { UpstreamConnection };

/**
 * What an error of undici's means. `sent` = the request, or a part of it, had gone to a connection; `answered` = the
 * answer's head had come.
 */
export function failureOf(error: Error & { code?: string }, sent: boolean, answered: boolean): ForwardFailure {
  switch (error.code) {
    // A field or target of ours that can't be written.
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_HEADERS_OVERFLOW':
      return 'malformed';
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'timeout';
    // Either the end of the connection, or whatever could not be read of a head that had a length.
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return answered ? 'closed' : 'malformed';
    // An answer that nobody asked for, 101 without an upgrade: only the words tell them from a lost connection.
    case 'UND_ERR_SOCKET':
      return error.message.startsWith('bad ') ? 'malformed' : 'closed';
  }
  if (error.name === 'HTTPParserError') return error.message.includes('EOF') ? 'closed' : 'malformed';
  return sent ? 'closed' : 'unreachable';
}
