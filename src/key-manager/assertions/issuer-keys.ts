/** The keys of issuers that are not ours: those that an administrator gave, and those that they publish. */
import { createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import type { FetchJwks } from '../../adapters/key-managers/jwks.ts';
import type { Issuer } from '../../core/token.ts';
import type { Clock } from '../../platform/clock.ts';

export interface IssuerKeys {
  /**
   * Those that could have signed this: of the name, if it has one, and not for another algorithm.
   * @throws Error when they have to be fetched and can't be
   */
  find(issuer: Issuer, header: { readonly alg: string; readonly kid?: string }): Promise<JWK[]>;
}

/** Milliseconds for which keys are kept, and between two attempts to find one that is unknown. */
const keptFor = 3_600_000;
const coolDown = 30_000;

interface Published {
  keys: readonly JWK[];
  askedAt: number;
  asking: Promise<void> | null;
}

export function openIssuerKeys(fetchJwks: FetchJwks, clock: Clock): IssuerKeys {
  const published = new Map<string, Published>();

  /** The last good ones stay when an issuer can't be asked. */
  async function fetchKeys(url: string, isFresh: (age: number) => boolean): Promise<readonly JWK[]> {
    const known: Published = published.get(url) ?? { keys: [], askedAt: Number.NEGATIVE_INFINITY, asking: null };
    published.set(url, known);
    if (isFresh(clock.elapsed() - known.askedAt)) return known.keys;
    known.asking ??= fetchJwks(url)
      .then((keys) => {
        known.keys = keys as JWK[];
      })
      .finally(() => {
        known.askedAt = clock.elapsed();
        known.asking = null;
      });
    try {
      await known.asking;
    } catch (error) {
      if (known.keys.length === 0) throw error;
    }
    return known.keys;
  }

  return {
    async find({ keys, certificates = [], jwksUrl }, { alg, kid }) {
      const fits = (jwk: JWK) =>
        (jwk.alg === undefined || jwk.alg === alg) && (kid === undefined || !jwk.kid || jwk.kid === kid);
      const own = [...(keys as readonly JWK[]), ...certificates.map(keyOf)].filter(fits);
      if (jwksUrl === undefined) return own;
      const kept = [...own, ...(await fetchKeys(jwksUrl, (age) => age < keptFor)).filter(fits)];
      // It may have been published since.
      return kept.length > 0 ? kept : (await fetchKeys(jwksUrl, (age) => age < coolDown)).filter(fits);
    },
  };
}

const keyOf = (certificate: string): JWK => createPublicKey(certificate).export({ format: 'jwk' }) as JWK;
