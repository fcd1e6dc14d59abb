/** The keys in the memory of this node: they sign and verify here, and are those of the store a moment ago at the latest. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { compactVerify, errors, importJWK, type JWK, type JWTPayload } from 'jose';
import { extendNeed, listSigningKeys, type SigningKeyRow } from '../../adapters/stores/signing-keys.ts';
import { onlyTokens } from '../../adapters/stores/store.ts';
import { never } from '../../core/revocation.ts';
import type { PublicJwk } from '../../core/token.ts';
import { seconds } from '../call.ts';
import { signingAlgorithms } from '../options.ts';
import { isCompact } from '../proofs/compact-jws.ts';
import { type JwsSigner, jwsSigner } from './jws.ts';
import { type Algorithm, sealPurpose } from './make-key.ts';
import { signingKey } from './order-of-keys.ts';
import type { SigningKeys, SigningKeysDeps } from './signing-keys.ts';

export interface KeyRing extends SigningKeys {
  /** Reads the store again. */
  look(): Promise<void>;
  close(): void;
}

type Key = Awaited<ReturnType<typeof importJWK>>;

/** Milliseconds between looks, for what nobody told of. */
const lookEvery = 1000;

const day = 86_400;

/** @param wanted the algorithms of the options, that of access tokens first */
export async function openKeyRing(
  { store, seal, clock }: Pick<SigningKeysDeps, 'store' | 'seal' | 'clock'>,
  wanted: readonly Algorithm[],
): Promise<KeyRing> {
  let rows: readonly SigningKeyRow[] = [];
  let publicKeys = new Map<string, Key>();
  const signers = new Map<string, JwsSigner>();
  const keyObjects = new Map<string, KeyObject>();
  /** Who signs by which algorithm, and the second that this was looked at. */
  const chosen = new Map<string | undefined, { readonly row: SigningKeyRow; readonly at: number }>();
  /** By `kid`, up to when the store knows that the key is needed. */
  const needed = new Map<string, number>();
  /** Where the store stood before the keys were read, as far as somebody has said it. */
  let lookedAt: number | undefined;
  let reading: Promise<void> | null = null;
  let readingNext: Promise<void> | null = null;

  /** Those who ask while it is read share the next answer: the one under way may be from before what they ask for. */
  const look = (): Promise<void> => {
    if (reading) {
      readingNext ??= reading
        .catch(() => {})
        .then(() => {
          readingNext = null;
          return look();
        });
      return readingNext;
    }
    reading = listSigningKeys(store.db)
      .then(take)
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  const take = async (read: readonly SigningKeyRow[]): Promise<void> => {
    const good = read.filter(({ state }) => state === 'ACTIVE');
    const imported = good.map(async ({ kid, public_jwk }) => {
      const jwk = JSON.parse(public_jwk) as PublicJwk;
      // Each has its algorithm, so that no token chooses another one for it.
      return [kid, publicKeys.get(kid) ?? (await importJWK(jwk as JWK, jwk.alg))] as const;
    });
    publicKeys = new Map(await Promise.all(imported));
    for (const { kid, needed_until } of good) needed.set(kid, Math.max(needed_until, needed.get(kid) ?? 0));
    for (const known of [signers, keyObjects]) {
      for (const kid of known.keys()) if (!publicKeys.has(kid)) known.delete(kid);
    }
    rows = read;
    chosen.clear();
  };

  const choose = (algorithm: string | undefined, now: number): SigningKeyRow => {
    // Where gateways have to know the key: of another algorithm rather than one that is too new.
    const order = algorithm === undefined ? [...wanted, ...signingAlgorithms] : [algorithm];
    const found = order.map((one) => signingKey(rows, one, now)).find(Boolean);
    // A client that asked for an algorithm looks the key up. And the clock of who made the first one may be ahead of ours.
    const any = found ?? order.map((one) => signingKey(rows, one, Number.MAX_SAFE_INTEGER)).find(Boolean);
    if (!any) throw new Error(`there is no key that signs with ${order[0]}`);
    return any;
  };
  const signingNow = (algorithm?: string): SigningKeyRow => {
    const at = seconds(clock);
    const known = chosen.get(algorithm);
    if (known?.at === at) return known.row;
    const row = choose(algorithm, at);
    chosen.set(algorithm, { row, at });
    return row;
  };
  const signerOf = ({ kid, algorithm, private_sealed }: SigningKeyRow): JwsSigner => {
    let signer = signers.get(kid);
    if (!signer) {
      signer = jwsSigner(algorithm as Algorithm, kid, openKey({ kid, private_sealed }));
      signers.set(kid, signer);
    }
    return signer;
  };
  const openKey = ({ kid, private_sealed }: Pick<SigningKeyRow, 'kid' | 'private_sealed'>): JWK =>
    JSON.parse(seal.open(private_sealed, sealPurpose, kid)) as JWK;
  const keyObjectOf = (row: SigningKeyRow): KeyObject => {
    let key = keyObjects.get(row.kid);
    if (!key) {
      key = createPrivateKey({ key: openKey(row) as never, format: 'jwk' });
      keyObjects.set(row.kid, key);
    }
    return key;
  };
  /** Written down for more than is needed, so that it is seldom. */
  const need = async (kid: string, expires: number): Promise<void> => {
    const until = Math.min(expires + day, never);
    await store.transaction((tx) => extendNeed(tx, kid, until), onlyTokens);
    needed.set(kid, Math.max(until, needed.get(kid) ?? 0));
  };

  // Before the first look, so that nothing falls between the two.
  const endHearing = store.changes.onCommit((changes) => {
    if (changes.some(({ kind }) => kind === 'issuer')) look().catch(() => {});
  });
  await look();
  // The key has to be that of the store.
  signerOf(signingNow());
  // While the store can't be read nobody can do anything to keys either: what is known stands.
  const looking = setInterval(() => void look().catch(() => {}), lookEvery).unref();

  return {
    look,
    algorithms: wanted,
    get published() {
      const first = signingNow().kid;
      const good = rows.filter(({ state }) => state === 'ACTIVE').toSorted((a, b) => b.signs_from - a.signs_from);
      return good
        .toSorted((a, b) => Number(b.kid === first) - Number(a.kid === first))
        .map((row) => JSON.parse(row.public_jwk) as PublicJwk);
    },
    async sign(claims, type = 'JWT', algorithm, until = claims.exp ?? never) {
      const row = signingNow(algorithm);
      if (until > (needed.get(row.kid) ?? 0)) await need(row.kid, until);
      return signerOf(row).sign(claims, type);
    },
    privateKeys(algorithm) {
      const first = signingKey(rows, algorithm, seconds(clock))?.kid;
      return rows
        .filter((row) => row.algorithm === algorithm && row.state === 'ACTIVE' && row.private_sealed !== '')
        .toSorted((a, b) => Number(b.kid === first) - Number(a.kid === first) || b.signs_from - a.signs_from)
        .map((row) => ({ kid: row.kid, createdAt: row.created_at, key: keyObjectOf(row) }));
    },
    async verify(jwt, version) {
      if (!isCompact(jwt)) return null;
      if (version !== undefined && version !== lookedAt) {
        await look();
        lookedAt = version;
      }
      try {
        const { payload } = await compactVerify(
          jwt,
          async ({ kid = '' }) => {
            if (!publicKeys.has(kid)) await look();
            const key = publicKeys.get(kid);
            if (!key) throw new errors.JWKSNoMatchingKey();
            return key;
          },
          { algorithms: [...signingAlgorithms] },
        );
        return JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof SyntaxError || error instanceof TypeError)
          return null;
        throw error;
      }
    },
    close() {
      endHearing();
      clearInterval(looking);
    },
  };
}
