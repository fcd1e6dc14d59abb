/** Puts a signature of an element about itself into it (SAML core section 5.4). */
import type { KeyObject } from 'node:crypto';
import type { CanonicalizationAlgorithmType } from 'xml-crypto';
import {
  algorithms,
  defaultAlgorithm,
  defaultDigest,
  envelopedSignature,
  exclusiveCanonicalization,
} from './signature-algorithms.ts';

export interface SignOptions {
  readonly key: KeyObject;
  /** PEM, to be shown with the signature. Absent: none is. */
  readonly certificate?: string;
  /** Name of the child behind which the signature stands (SAML schema: behind the `Issuer`). */
  readonly behind: string;
  /** Addresses of algorithms. Default: SHA-256, with RSA or ECDSA as the key is. */
  readonly algorithm?: string;
  readonly digest?: string;
}

/** @param xml an element with an attribute `ID` */
export async function signEnveloped(xml: string, options: SignOptions): Promise<string> {
  const { key, certificate, behind, algorithm, digest } = options;
  const { SignedXml } = await import('xml-crypto');
  const signer = new SignedXml({
    privateKey: key,
    ...(certificate !== undefined && { publicCert: certificate }),
    signatureAlgorithm: algorithm ?? defaultAlgorithm(key),
    canonicalizationAlgorithm: exclusiveCanonicalization as CanonicalizationAlgorithmType,
  });
  const { signatures, digests } = algorithms({ allowSha1: true });
  signer.SignatureAlgorithms = signatures;
  signer.HashAlgorithms = digests;
  signer.idAttributes = ['ID'];
  signer.addReference({
    xpath: '/*',
    transforms: [envelopedSignature, exclusiveCanonicalization],
    digestAlgorithm: digest ?? defaultDigest,
  });
  const location = { reference: `/*/*[local-name(.)='${behind}']`, action: 'after' } as const;
  signer.computeSignature(xml, { prefix: 'ds', location });
  return signer.getSignedXml();
}
