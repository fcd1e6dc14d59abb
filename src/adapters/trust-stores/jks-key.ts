/**
 * A private key in a JKS. Java hides it under a stream of SHA-1 digests that begins with a random salt, each over the
 * password and the one before, and adds a digest of password and key by which a wrong password is told.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { DerError, readDer } from './der.ts';
import { KeyPasswordError, TrustStoreError } from './trust-store.ts';

/** Java's own algorithm for it. */
const keyProtector = '1.3.6.1.4.1.42.2.17.1.1';
const digestLength = 20;

/**
 * @param encrypted EncryptedPrivateKeyInfo (RFC 5958 section 3)
 * @param password UTF-16 with the high byte first
 * @returns PKCS#8, DER
 * @throws TrustStoreError
 */
export function readJksKey(encrypted: Buffer, password: Buffer): Buffer {
  const hidden = protectedBytes(encrypted);
  if (hidden.length < 2 * digestLength) throw new TrustStoreError('a private key in it is damaged');
  const key = Buffer.from(hidden.subarray(digestLength, -digestLength));
  let digest = hidden.subarray(0, digestLength);
  for (let at = 0; at < key.length; at += digestLength) {
    digest = createHash('sha1').update(password).update(digest).digest();
    for (let i = 0; i < digestLength && at + i < key.length; i++) {
      key[at + i] = (key[at + i] as number) ^ (digest[i] as number);
    }
  }
  const check = createHash('sha1').update(password).update(key).digest();
  if (timingSafeEqual(check, hidden.subarray(-digestLength))) return key;
  throw new KeyPasswordError('the password of the private key is wrong, or the key is damaged');
}

function protectedBytes(encrypted: Buffer): Buffer {
  try {
    const info = readDer(encrypted);
    const algorithm = info.at(0).at(0).identifier;
    if (algorithm !== keyProtector) throw new DerError(`its protection (${algorithm}) is not known`);
    return info.at(1).octets;
  } catch (error) {
    throw new TrustStoreError(`a private key in it can't be read: ${(error as Error).message}`);
  }
}
