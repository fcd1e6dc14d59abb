/**
 * The certificate of a client whose TLS ends at a proxy before the gateway, in the header field in which the proxy passes it
 * on. Anybody can send such a field, so it counts only from the addresses of proxies.
 */
import { X509Certificate } from 'node:crypto';
import type { BlockList } from 'node:net';
import type { ServerExchange } from '../../wire/wire.ts';
import type { GenerationalCache } from '../caches/generational-cache.ts';
import { addressList, isListed } from './address-list.ts';

export interface PassedOnCertificateOptions {
  /** Name of the field. */
  readonly header: string;
  /** Addresses, and blocks of them, from where it is believed; none = nowhere. */
  readonly trustedProxies: readonly string[];
}

/** Milliseconds for which what a field says is remembered. */
const remembered = 3_600_000;

export class PassedOnCertificate {
  readonly #header: string;
  readonly #proxies: BlockList | null;
  readonly #read: GenerationalCache<X509Certificate>;

  /** @param read certificates by the values that they were read from */
  constructor({ header, trustedProxies }: PassedOnCertificateOptions, read: GenerationalCache<X509Certificate>) {
    this.#header = header.toLowerCase();
    // What can't be read has been refused with the configuration; here it trusts nobody.
    this.#proxies = trustedProxies.length === 0 ? null : (addressList(trustedProxies) ?? null);
    this.#read = read;
  }

  /** undefined = the request comes from no proxy, or with no such field; null = the proxy's client has shown none. */
  of(wire: ServerExchange, now: number): X509Certificate | 'unreadable' | null | undefined {
    if (this.#proxies === null || !isListed(this.#proxies, wire.remoteAddress)) return undefined;
    const value = wire.header(this.#header);
    if (value === undefined) return undefined;
    if (value.trim() === '') return null;
    const known = this.#read.get(value, now);
    if (known) return known;
    const certificate = readCertificate(value);
    if (certificate === null) return 'unreadable';
    this.#read.set(value, certificate, now + remembered);
    return certificate;
  }
}

/**
 * PEM with or without its frame, its line ends as they are left by a header (blanks, or nothing), percent-encoded or as
 * base64 once more, or DER in base64, also between colons (RFC 9440). Null = none of these.
 */
export function readCertificate(value: string): X509Certificate | null {
  try {
    const text = value.includes('%') ? decodeURIComponent(value) : value;
    const der = bytesOf(text);
    if (der === null) return null;
    const isPem = der.subarray(0, 5).toString('latin1') === '-----';
    const inner = isPem ? bytesOf(der.toString('latin1')) : der;
    return inner && new X509Certificate(inner);
  } catch {
    return null;
  }
}

function bytesOf(text: string): Buffer | null {
  const framed = /^\s*-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----\s*$/.exec(text)?.[1];
  const base64 = (framed ?? text).replace(/^\s*:(.*):\s*$/s, '$1').replace(/\s/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : null;
}
