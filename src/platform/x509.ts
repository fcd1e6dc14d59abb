/**
 * Issues X.509 certificates (RFC 5280): of ECDSA P-256 keys, or that which an RSA key has of itself, signed with SHA-256. Node reads and checks certificates but
 * makes none. Loaded only when one has to be made.
 */
import 'reflect-metadata'; // Which @peculiar/x509 expects to be there before it.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface CertificateRequest {
  readonly subject: DistinguishedName;
  readonly publicKey: KeyObject;
  /** The name and key that sign; a certificate authority's own certificate has its own. */
  readonly issuer: DistinguishedName;
  readonly issuerKey: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** `authority` may sign certificates (but no further authorities); `server` and `client` are TLS roles. */
  readonly purpose: 'authority' | 'server' | 'client';
  /** DNS names and IP addresses that a server certificate is for. */
  readonly hosts?: readonly string[];
}

/** The attributes that we use of a name (X.520). */
export interface DistinguishedName {
  readonly commonName: string;
  readonly organization: string;
  readonly organizationalUnit?: string;
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' };

export function generateKey(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** Issues a certificate, as PEM. */
export async function issueCertificate(request: CertificateRequest): Promise<string> {
  const { subject, issuer, issuerKey, notBefore, notAfter } = request;
  const publicKey = request.publicKey.toCryptoKey(curve, true, ['verify']);
  const certificate = await X509CertificateGenerator.create({
    // Positive: the first bit of the number would be its sign.
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    subject: name(subject),
    issuer: name(issuer),
    notBefore,
    notAfter,
    publicKey,
    signingKey: issuerKey.privateKey.toCryptoKey(curve, false, ['sign']),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      ...usage(request),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(issuerKey.publicKey.toCryptoKey(curve, true, ['verify'])),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

export interface OwnCertificate {
  readonly subject: DistinguishedName;
  /** RSA. */
  readonly privateKey: KeyObject;
  /** Hexadecimal. */
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * The certificate that a key has of itself, as PEM: a wrapping in which others take its public part. The same every time and
 * everywhere, as RSA signs alike (PKCS #1 version 1.5), so nobody has to keep it.
 */
export async function certifyItself(own: OwnCertificate): Promise<string> {
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const publicKey = createPublicKey(own.privateKey).toCryptoKey(rsa, true, ['verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: own.serialNumber,
    name: name(own.subject),
    notBefore: own.notBefore,
    notAfter: own.notAfter,
    keys: { privateKey: own.privateKey.toCryptoKey(rsa, false, ['sign']), publicKey },
    signingAlgorithm: rsa,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** RFC 5280 4.2.1. */
function usage({ purpose, hosts }: CertificateRequest) {
  if (purpose === 'authority') {
    return [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ];
  }
  const role = purpose === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([role]),
  ];
  if (!hosts) return extensions;
  const names = hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host }));
  return [...extensions, new SubjectAlternativeNameExtension(names)];
}

function name({ organization, organizationalUnit, commonName }: DistinguishedName): JsonName {
  const unit = organizationalUnit === undefined ? [] : [{ OU: [organizationalUnit] }];
  return [{ O: [organization] }, ...unit, { CN: [commonName] }];
}
