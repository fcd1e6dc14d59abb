/** The addresses of one endpoint, ready to be called: which of them a request goes to, and which it goes to next. */
import type { Endpoint } from '../../core/api.ts';
import type { Field, Upstream } from '../../wire/wire.ts';

/** The pool of connections to an origin. @param trust PEM certificates that are believed there besides the usual ones */
export type Pools = (origin: string, trust?: readonly string[]) => Upstream;

export interface Target {
  readonly upstream: Upstream;
  /** Path of the address, without a slash at its end. */
  readonly path: string;
  /** Query of the address, without its question mark; it goes before the request's own. */
  readonly query: string;
}

/** Milliseconds for which an address that could not be connected to is passed over. */
const pause = 5000;

export class Backend {
  readonly timeout: number;
  /** Fields that go to the back end besides. */
  readonly set: readonly Field[];
  readonly #targets: readonly Target[];
  readonly #inTurn: boolean;
  /** When each can be tried again, milliseconds since the epoch. */
  readonly #restUntil: number[];
  #turn = 0;

  /**
   * @param upstream the pool of connections to an origin, with the certificates that are trusted there besides
   * @param timeout milliseconds, for an endpoint that has none of its own
   * @throws TypeError if an address is no URL
   */
  constructor(endpoint: Endpoint, upstream: Pools, timeout: number) {
    const { url, others = [], type, basic, trust = [] } = endpoint;
    this.#targets = [url, ...others].map((address) => prepare(address, upstream, trust));
    this.#inTurn = type !== 'failover';
    this.#restUntil = this.#targets.map(() => 0);
    this.timeout = endpoint.timeout ?? timeout;
    this.set = basic ? [['authorization', basicField(basic)]] : [];
  }

  /** Where a request that comes at `now` goes. Of several the first that is not resting, or else the first. */
  first(now: number): number {
    if (this.#targets.length === 1) return 0;
    const from = this.#inTurn ? this.#turn++ % this.#targets.length : 0;
    for (let step = 0; step < this.#targets.length; step++) {
      const at = (from + step) % this.#targets.length;
      if (now >= (this.#restUntil[at] as number)) return at;
    }
    return from;
  }

  target(at: number): Target {
    return this.#targets[at] as Target;
  }

  /** The address could not be connected to. */
  failed(at: number, now: number): void {
    this.#restUntil[at] = now + pause;
  }

  /** Where a request goes after `at`, if it began at `first`; -1 = it has been everywhere. */
  next(at: number, first: number): number {
    const next = (at + 1) % this.#targets.length;
    return next === first ? -1 : next;
  }
}

function prepare(address: string, upstream: Pools, trust: readonly string[]): Target {
  const url = new URL(address);
  return {
    upstream: upstream(url.origin, trust),
    path: url.pathname.replace(/\/+$/, ''),
    query: url.search.slice(1),
  };
}

function basicField({ username, password }: NonNullable<Endpoint['basic']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * The target to ask for: the address's path and query, then those of the request below the API's context.
 * @param rest a path, a query, both or nothing; a request target is never empty (RFC 9112 3.2.1)
 */
export function joinTarget({ path, query }: Pick<Target, 'path' | 'query'>, rest: string): string {
  const joined = rest.startsWith('/') || path !== '' ? path + rest : `/${rest}`;
  if (query === '') return joined;
  const at = joined.indexOf('?');
  if (at === -1) return `${joined}?${query}`;
  const own = joined.slice(at + 1);
  return `${joined.slice(0, at)}?${query}${own === '' ? '' : `&${own}`}`;
}
