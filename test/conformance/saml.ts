/** An identity provider for tests: its key, its row in a store, and assertions as it makes them, good or not. */
import 'reflect-metadata'; // Which @peculiar/x509 expects to be there before it.
import { KeyObject, randomUUID, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';
import { type AssertionContent, assertionXml } from '../../src/adapters/saml/write-assertion.ts';
import { insertIdentityProvider } from '../../src/adapters/stores/identity-providers.ts';
import { signEnveloped } from '../../src/adapters/xml/sign-enveloped.ts';
import { defaultRoleAttribute, type IdentityProvider } from '../../src/core/identity-provider.ts';
import { saml2Bearer } from '../../src/core/saml.ts';
import type { AuthorizationServer, Form } from './authorization-server.ts';

export interface TestProvider {
  readonly provider: IdentityProvider;
  readonly key: KeyObject;
  readonly certificate: string;
}

/** Has a certificate of an RSA key (or an EC key), and a row. */
export async function addProvider(
  server: AuthorizationServer,
  changes: Partial<IdentityProvider> = {},
  kind: 'rsa' | 'ec' = 'rsa',
): Promise<TestProvider> {
  const { key, certificate } = await certified(kind);
  const provider: IdentityProvider = {
    id: randomUUID(),
    tenant: 'carbon.super',
    name: `provider ${randomUUID()}`,
    description: '',
    enabled: true,
    protocol: 'saml2',
    logIn: false,
    entityId: `https://idp.example/${randomUUID()}`,
    certificates: [certificate],
    alias: '',
    ssoUrl: '',
    serviceProviderEntityId: '',
    roleAttribute: defaultRoleAttribute,
    roles: {},
    claims: {},
    localAccounts: true,
    allowSha1: false,
    ...changes,
  };
  await server.store.transaction((tx) => insertIdentityProvider(tx, provider));
  return { provider, key, certificate };
}

/** A certificate that signs itself, as keytool makes them. */
export async function certified(kind: 'rsa' | 'ec', bits = 2048): Promise<{ key: KeyObject; certificate: string }> {
  const algorithm =
    kind === 'ec'
      ? { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      : { name: 'RSASSA-PKCS1-v1_5', modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=identity provider',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2040-01-01'),
  });
  return { key: KeyObject.from(keys.privateKey), certificate: certificate.toString('pem') };
}

/** What an assertion for this server says, unless it is changed. */
export function content(
  { provider }: TestProvider,
  server: AuthorizationServer,
  changes: Partial<AssertionContent> = {},
): AssertionContent {
  const url = `${server.url}/oauth2/token`;
  const now = Date.now();
  return { issuer: provider.entityId, name: 'admin', recipient: url, audiences: [url], now, validity: 300, ...changes };
}

/** @param change of the XML before it is signed */
export function sign(
  idp: Pick<TestProvider, 'key' | 'certificate'>,
  what: AssertionContent | string,
  change: (xml: string) => string = (xml) => xml,
  algorithms: { algorithm?: string; digest?: string } = {},
): Promise<string> {
  const xml = change(typeof what === 'string' ? what : assertionXml(what));
  return signEnveloped(xml, { key: idp.key, certificate: idp.certificate, behind: 'Issuer', ...algorithms });
}

export const form = (xml: string, more: Record<string, string> = {}): Form => ({
  grant_type: saml2Bearer,
  assertion: Buffer.from(xml).toString('base64url'),
  ...more,
});
