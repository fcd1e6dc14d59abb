/**
 * Writes X.509 certificates (RFC 5280): ECDSA P-256 keys, signed with SHA-256. Node reads and checks certificates but
 * makes none. Only the few forms that we issue are here, and nothing is parsed: reading stays OpenSSL's.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

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

export function generateKey(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** Issues a certificate, as PEM. */
export function issueCertificate(request: CertificateRequest): string {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(randomBytes(16)),
    ecdsaWithSha256,
    name(request.issuer),
    sequence(time(request.notBefore), time(request.notAfter)),
    name(request.subject),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(request))),
  );
  const signature = sign('sha256', toBeSigned, request.issuerKey.privateKey);
  return pem(sequence(toBeSigned, ecdsaWithSha256, bitString(signature)));
}

/** RFC 5280 4.2.1. */
function extensions(request: CertificateRequest): Buffer[] {
  const authority = request.purpose === 'authority';
  const all = [
    extension('2.5.29.19', true, authority ? sequence(boolean(true), integer(Buffer.from([0]))) : sequence()),
    // Bits from the left: digitalSignature is 0, keyCertSign 5, cRLSign 6.
    extension('2.5.29.15', true, authority ? bitString(Buffer.from([0x06]), 1) : bitString(Buffer.from([0x80]), 7)),
    extension('2.5.29.14', false, tagged(0x04, keyIdentifier(request.publicKey))),
    extension('2.5.29.35', false, sequence(tagged(0x80, keyIdentifier(request.issuerKey.publicKey)))),
  ];
  if (!authority) {
    const use = request.purpose === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
    all.push(extension('2.5.29.37', false, sequence(oid(use))));
  }
  if (request.hosts) all.push(extension('2.5.29.17', false, sequence(...request.hosts.map(generalName))));
  return all;
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), tagged(0x04, value));
}

/** 160 bits of the SHA-256 of the key (RFC 7093 section 2, method 1). */
function keyIdentifier(key: KeyObject): Buffer {
  const uncompressedPoint = key.export({ type: 'spki', format: 'der' }).subarray(-65);
  return createHash('sha256').update(uncompressedPoint).digest().subarray(0, 20);
}

function generalName(host: string): Buffer {
  if (isIP(host) === 0) return tagged(0x82, Buffer.from(domainToASCII(host), 'ascii'));
  return tagged(0x87, isIP(host) === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6(host));
}

function ipv6(address: string): Buffer {
  // The URL parser brings every spelling, also a dotted tail, to groups of hexadecimal digits with at most one `::`.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text = '') => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const left = groups(head);
  const right = groups(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function name(attributes: DistinguishedName): Buffer {
  const attribute = (id: string, value: string) => tagged(0x31, sequence(oid(id), tagged(0x0c, Buffer.from(value))));
  const unit = attributes.organizationalUnit;
  return sequence(
    attribute('2.5.4.10', attributes.organization),
    ...(unit === undefined ? [] : [attribute('2.5.4.11', unit)]),
    attribute('2.5.4.3', attributes.commonName),
  );
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 4.1.2.5). */
function time(date: Date): Buffer {
  const digits = `${date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/\D/g, '')}Z`;
  return date.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** A non-negative INTEGER from its bytes: no needless leading zeros, one where the sign bit would be set. */
function integer(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  return tagged(0x02, (digits[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0), digits);
}

const boolean = (value: boolean) => tagged(0x01, Buffer.from([value ? 0xff : 0]));
const bitString = (bytes: Buffer, unusedBits = 0) => tagged(0x03, Buffer.from([unusedBits]), bytes);
const sequence = (...parts: Buffer[]) => tagged(0x30, ...parts);

/** Tag, length, value (X.690, distinguished encoding). */
function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const size = value.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
