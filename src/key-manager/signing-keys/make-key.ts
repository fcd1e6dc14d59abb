/** A new signing key: made here, or read from PEM. Its private part is sealed before anybody else sees it. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { SigningKeyRow } from '../../adapters/stores/signing-keys.ts';
import { RestError } from '../../platform/rest-error.ts';
import type { Seal } from '../../platform/seal.ts';
import type { signingAlgorithms } from '../options.ts';

export type Algorithm = (typeof signingAlgorithms)[number];

/** Whose seal it is under. */
export const sealPurpose = 'signing-key';

const generate = promisify(generateKeyPair);
const day = 86_400;

export interface KeyTimes {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly signsFrom: number;
}

export async function makeKey(algorithm: Algorithm, seal: Seal, times: KeyTimes): Promise<SigningKeyRow> {
  return rowOf(await newPrivateKey(algorithm), algorithm, 'MADE', seal, times);
}

async function newPrivateKey(algorithm: Algorithm): Promise<KeyObject> {
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
      return (await generate('rsa', { modulusLength: 2048 })).privateKey;
    case 'ES256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey;
    case 'EdDSA':
      return (await generate('ed25519')).privateKey;
  }
}

export interface ImportedKey {
  /** PEM: PKCS#8, plain or encrypted, PKCS#1 or SEC1. What else is in it, such as certificates, is passed over. */
  readonly key: string;
  readonly passphrase?: string | undefined;
  /** Default: RS256, ES256 or EdDSA, as suits it. */
  readonly algorithm?: Algorithm | undefined;
}

/** @throws RestError 400 that says what was expected, and nothing of the key */
export async function importKey(given: ImportedKey, seal: Seal, times: KeyTimes): Promise<SigningKeyRow> {
  const key = readPrivateKey(given);
  const suitable = suitableAlgorithms(key);
  const algorithm = given.algorithm ?? (suitable[0] as Algorithm);
  if (!suitable.includes(algorithm)) {
    throw new RestError(400, `algorithm: expected ${suitable.join(' or ')} for a key of this kind, got ${algorithm}.`);
  }
  return rowOf(key, algorithm, 'IMPORTED', seal, times);
}

function readPrivateKey({ key, passphrase }: ImportedKey): KeyObject {
  try {
    return createPrivateKey({ key, format: 'pem', ...(passphrase !== undefined && { passphrase }) });
  } catch {
    if (isEncrypted(key)) {
      const wrong = passphrase === undefined ? 'expected one, the key is encrypted' : 'the key does not open with it';
      throw new RestError(400, `passphrase: ${wrong}.`);
    }
    throw new RestError(400, 'key: expected a private key in PEM (-----BEGIN PRIVATE KEY-----).');
  }
}

/** PKCS#8, or as OpenSSL once wrote it (RFC 1421 section 4.6.1.1). */
const isEncrypted = (pem: string): boolean =>
  pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || /^Proc-Type:.*ENCRYPTED/m.test(pem);

function suitableAlgorithms({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): Algorithm[] {
  const { modulusLength: bits = 0, namedCurve } = details ?? {};
  // Longer ones make every request of a gateway slow.
  if (type === 'rsa' && bits >= 2048 && bits <= 4096) return ['RS256', 'PS256'];
  if (type === 'ec' && namedCurve === 'prime256v1') return ['ES256'];
  if (type === 'ed25519') return ['EdDSA'];
  const got = type === 'rsa' ? `RSA of ${bits} bits` : [type, namedCurve].filter(Boolean).join(' ');
  throw new RestError(400, `key: expected RSA of 2048 to 4096 bits, EC of the curve P-256 or Ed25519, got ${got}.`);
}

async function rowOf(
  privateKey: KeyObject,
  algorithm: Algorithm,
  origin: SigningKeyRow['origin'],
  seal: Seal,
  { now, signsFrom }: KeyTimes,
): Promise<SigningKeyRow> {
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(publicJwk, 'sha256');
  return {
    kid,
    algorithm,
    public_jwk: JSON.stringify({ ...publicJwk, kid, alg: algorithm, use: 'sig' }),
    private_sealed: seal.seal(JSON.stringify(privateKey.export({ format: 'jwk' })), sealPurpose, kid),
    created_at: now,
    signs_from: signsFrom,
    retired_at: null,
    // Of the usual tokens of its first day, so that none of them has to be written down.
    needed_until: signsFrom + 2 * day,
    state: 'ACTIVE',
    origin,
  };
}
