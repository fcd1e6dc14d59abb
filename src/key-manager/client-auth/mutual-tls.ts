/** Clients that show who they are by the certificate of their connection (RFC 8705 section 2). */
import type { X509Certificate } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { KeyManager } from '../call.ts';
import { clientCertificateOf, isIssuedBy } from '../clients/client-certificate.ts';
import { KeysUnavailable, keySetOf } from '../clients/client-keys.ts';
import { type ClientMetadata, metadataOf } from '../clients/client-metadata.ts';

/** A method by which the request itself has no more than `client_id`. */
export interface ConnectionAuthentication {
  readonly method: string;
  /** Whether it can succeed with this key manager. */
  isServed(km: Pick<KeyManager, 'clientAuthorities'>): boolean;
  verify(km: KeyManager, client: ClientRow, request: FastifyRequest): Promise<boolean>;
}

/** The certificate is of an authority that is believed, and names the client (section 2.1). */
const tlsClientAuth: ConnectionAuthentication = {
  method: 'tls_client_auth',
  isServed: ({ clientAuthorities }) => clientAuthorities.length > 0,
  async verify(km, client, request) {
    const shown = clientCertificateOf(km, request);
    if (!shown) return false;
    const now = km.clock.now();
    // First, so that what strangers write into certificates is not read.
    if (!km.clientAuthorities.some((authority) => isIssuedBy(shown, authority, now))) return false;
    return names(shown, metadataOf(client));
  },
};

/** The certificate is for one of the client's own keys (section 2.2); who issued it does not matter. */
const selfSigned: ConnectionAuthentication = {
  method: 'self_signed_tls_client_auth',
  isServed: () => true,
  async verify(km, client, request) {
    const shown = clientCertificateOf(km, request);
    if (!shown) return false;
    const key = await calculateJwkThumbprint((await exportJWK(shown.publicKey)) as JWK, 'sha256');
    try {
      const registered = await keySetOf(km, client, (keys) => hasKey(keys, key));
      return registered !== null && (await hasKey(registered, key));
    } catch (error) {
      if (error instanceof KeysUnavailable) return false;
      throw error;
    }
  },
};

export const connectionAuthentications: readonly ConnectionAuthentication[] = [tlsClientAuth, selfSigned];

async function hasKey(keys: readonly JWK[], key: string): Promise<boolean> {
  // What is no key has no thumbprint.
  const all = await Promise.all(keys.map((jwk) => calculateJwkThumbprint(jwk, 'sha256').catch(() => null)));
  return all.includes(key);
}

/** The one name that the client has registered (section 2.1.2) stands in the certificate. */
function names(shown: X509Certificate, metadata: ClientMetadata): boolean {
  const { tls_client_auth_subject_dn: subject } = metadata;
  if (subject !== undefined) return comparableName(subjectOf(shown)) === comparableName(subject);
  const alternatives = (shown.subjectAltName ?? '').split(', ');
  const wanted = [
    ['DNS', metadata.tls_client_auth_san_dns],
    ['URI', metadata.tls_client_auth_san_uri],
    ['IP Address', metadata.tls_client_auth_san_ip],
    ['email', metadata.tls_client_auth_san_email],
  ] as const;
  return wanted.some(([kind, value]) => value !== undefined && alternatives.includes(`${kind}:${value}`));
}

/** As RFC 4514 writes it: the last part first. */
const subjectOf = ({ subject }: X509Certificate): string => (subject ?? '').split('\n').reverse().join(',');

/** Blanks around the parts and the case of their types mean nothing. */
const comparableName = (name: string): string =>
  name
    .split(/(?<!\\),/)
    .map((part) => part.trim().replace(/^([A-Za-z]+)\s*=\s*/, (_, type: string) => `${type.toUpperCase()}=`))
    .join(',');
