/** Requests to addresses that a user gave, kept from networks that only this machine reaches. */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Agent, RequestInit, Response } from 'undici';
import { isPrivateAddress } from '../../core/private-address.ts';

/** Whether loopback, private, link-local, multicast and other addresses that are not everybody's may be asked. */
export type PrivateAddresses = 'allow' | 'deny';

/** The address, or one that the name stands for, is not to be asked. */
export class PrivateAddressError extends Error {
  override name = 'PrivateAddressError';

  constructor(host: string) {
    super(`${host} is, or stands for, an address of a private network`);
  }
}

/** `dns.lookup` for all addresses of a name. */
export type Resolve = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

let guarded: Agent | undefined;

/**
 * As `fetch`, but that no redirect is followed: each address is its author's own.
 * @throws PrivateAddressError before anything is sent; and what `fetch` throws
 */
export async function fetchOutside(url: URL, init: RequestInit, privateAddresses: PrivateAddresses): Promise<Response> {
  const { Agent, fetch } = await import('undici');
  if (privateAddresses === 'allow') return fetch(url, { ...init, redirect: 'manual' });
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // What is an address already is not looked up.
  if (isIP(host) !== 0 && isPrivateAddress(host)) throw new PrivateAddressError(host);
  // One connection a request: nothing is saved by keeping it.
  guarded ??= new Agent({ connect: { lookup: publicLookup(lookup) }, pipelining: 0 });
  try {
    return await fetch(url, { ...init, redirect: 'manual', dispatcher: guarded });
  } catch (error) {
    throw (error as Error).cause instanceof PrivateAddressError ? (error as Error).cause : error;
  }
}

/** The connection is made to the addresses that were looked at, not to what the name stands for a moment later. */
export function publicLookup(resolve: Resolve): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return done(error ?? new Error(`${host} has no address`), '');
      if (addresses.some(({ address }) => isPrivateAddress(address))) return done(new PrivateAddressError(host), '');
      if (options.all) return done(null, addresses);
      done(null, first.address, first.family);
    });
  };
}
