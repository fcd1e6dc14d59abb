/**
 * Requests for certificates (PKCS #10, RFC 2986), with keys as our authority certifies them: ECDSA P-256. Loaded only when
 * one is made or read.
 */
import 'reflect-metadata'; // Which @peculiar/x509 expects to be there before it.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { generateKey } from './x509.ts';

/** A new key, and a request for a certificate of it; both PEM. */
export async function makeCertificateRequest(commonName: string): Promise<{ request: string; key: string }> {
  const { privateKey, publicKey } = generateKey();
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys: {
      privateKey: privateKey.toCryptoKey(curve, false, ['sign']),
      publicKey: publicKey.toCryptoKey(curve, true, ['verify']),
    },
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return {
    request: `${request.toString('pem')}\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/**
 * The key that a request asks a certificate for, if whoever asks has its private key too. The name in it counts for
 * nothing.
 * @returns null when it is no such request
 */
export async function readCertificateRequest(pem: string): Promise<KeyObject | null> {
  try {
    const request = new Pkcs10CertificateRequest(pem);
    const spki = Buffer.from(request.publicKey.rawData);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return null;
    return (await request.verify()) ? key : null;
  } catch {
    return null;
  }
}
