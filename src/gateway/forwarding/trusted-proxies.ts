/** The proxies before the gateway that are believed about who asks, and who that is. */
import { AddressError, addressBlock, addressRange, comparableAddress } from '../../core/ip-address.ts';
import type { ServerExchange } from '../../wire/wire.ts';
import { readForwarded } from './forwarded.ts';

type Request = Pick<ServerExchange, 'remoteAddress' | 'header'>;

/** Addresses whose answer is remembered: of connections few proxies make them all. */
const maxKnown = 1_000;

export class TrustedProxies {
  readonly #holds: readonly ((address: string) => boolean)[];
  readonly #field: 'forwarded' | 'x-forwarded-for';
  readonly #known = new Map<string, boolean>();

  /**
   * @param ranges addresses, `address/bits`, `first-last`
   * @param field where they say who asks
   * @throws AddressError
   */
  constructor(ranges: readonly string[], field: 'forwarded' | 'x-forwarded-for') {
    this.#field = field;
    this.#holds = ranges.map((range) => {
      if (range.includes('/')) return addressBlock(range);
      const [first = '', last = first, more] = range.split('-').map((text) => text.trim());
      if (more !== undefined) throw new AddressError(`${JSON.stringify(range)} is no range`);
      return addressRange(first, last);
    });
  }

  /** Is the peer of a connection one of them? */
  trusts(address: string): boolean {
    let known = this.#known.get(address);
    if (known === undefined) {
      if (this.#known.size === maxKnown) this.#known.clear();
      known = this.#isOne(address);
      this.#known.set(address, known);
    }
    return known;
  }

  /**
   * The address that asks: the last one in the chain that isn't a trusted proxy's. What is before it anybody may have
   * made up. Of a chain that names no address (`unknown`) the proxy before it is as far as one can see.
   */
  clientOf(request: Request): string {
    let client = request.remoteAddress;
    if (!this.trusts(client)) return client;
    const chain = this.chainOf(request);
    for (let at = chain.length - 1; at >= 0; at--) {
      const address = addressOf(chain[at] ?? '');
      if (address === null) return client;
      client = address;
      if (!this.#isOne(address)) return client;
    }
    return client;
  }

  /** What was said before us, the nearest last; empty if nothing was, or nothing that can be read. */
  chainOf(request: Request): readonly (string | undefined)[] {
    const said = request.header(this.#field);
    if (said === undefined || said === '') return [];
    return this.#field === 'forwarded' ? (readForwarded(said) ?? []) : said.split(',').map((hop) => hop.trim());
  }

  #isOne(address: string): boolean {
    const comparable = comparableAddress(address);
    return comparable !== null && this.#holds.some((holds) => holds(comparable));
  }
}

/** The address of a hop, without a port; null = it names none. */
export function addressOf(hop: string): string | null {
  const bare = /^\[(.*)\](?::[\w.-]+)?$/.exec(hop)?.[1] ?? (/^[^:]*:[\w.-]+$/.test(hop) ? hop.split(':', 1)[0] : hop);
  return bare !== undefined && comparableAddress(bare) !== null ? bare : null;
}
