/**
 * What signs here: the RSA key that signs JWTs by RS256, so that it is kept, shared by nodes, changed and revoked as that is
 * (`signing-keys/`). Service providers believe it by a certificate that it has of itself.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { RestError } from '../../platform/rest-error.ts';
import type { IssuerOptions, KeyManager } from '../call.ts';
import type { PrivateKey } from '../signing-keys/signing-keys.ts';

export interface OwnKey {
  readonly key: KeyObject;
  /** PEM. */
  readonly certificate: string;
}

/** The one that signs. @throws RestError 503 */
export async function ownKey(km: KeyManager): Promise<OwnKey> {
  const [first] = km.keys.privateKeys(algorithm);
  return first ? certified(km.options, first) : refuse();
}

/** That one and those that will sign next, or did a moment ago: what service providers have to believe. @throws RestError 503 */
export async function ownKeys(km: KeyManager): Promise<readonly OwnKey[]> {
  const keys = km.keys.privateKeys(algorithm);
  return keys.length > 0 ? Promise.all(keys.map((key) => certified(km.options, key))) : refuse();
}

/** What most service providers can verify; many know no curves, and none PSS. */
const algorithm = 'RS256';

const refuse = (): never => {
  throw new RestError(
    503,
    'SAML is signed with a key of RSA, and there is none: set tokens.signingAlgorithm or tokens.otherAlgorithms to RS256',
  );
};

/** Milliseconds: 20 years. How long it is valid says nothing; who believes it does so until it is told otherwise. */
const validity = 7300 * 86_400_000;

const made = new WeakMap<KeyObject, Promise<string>>();

async function certified(options: IssuerOptions, { kid, createdAt, key }: PrivateKey): Promise<OwnKey> {
  let certificate = made.get(key);
  if (!certificate) {
    certificate = certify(options, kid, createdAt * 1000, key);
    made.set(key, certificate);
  }
  return { key, certificate: await certificate };
}

/** Nothing in it differs from node to node, or from start to start. */
async function certify({ issuer }: IssuerOptions, kid: string, createdMs: number, privateKey: KeyObject) {
  const { certifyItself } = await import('../../platform/x509.ts');
  return certifyItself({
    subject: { organization: 'Postern', commonName: URL.parse(issuer)?.hostname || 'identity provider' },
    privateKey,
    // Positive: the first bit of the number would be its sign.
    serialNumber: `01${createHash('sha256').update(kid).digest('hex').slice(0, 30)}`,
    notBefore: new Date(createdMs),
    notAfter: new Date(createdMs + validity),
  });
}
