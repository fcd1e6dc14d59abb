/** A service provider from what an administrator says of it. */
import { type ServiceProvider, type ToldClaim, toldClaims } from '../../../core/service-provider.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { text } from '../form-text.ts';
import { readCertificates } from '../identity-providers/read-certificates.ts';
import type { ServiceProviderForm } from './form.ts';
import { readMetadata } from './read-metadata.ts';

/** Entries of a list, characters of an address or name, seconds of an assertion at most. */
const mostEntries = 20;
const longestAddress = 1024;
/** Keys that sign no more are kept so long, and what they signed is verified by us too. */
const longestValidity = 3600;

/** @throws RestError 400 */
export async function readForm(
  given: ServiceProviderForm,
  of: Pick<ServiceProvider, 'id' | 'tenant'>,
): Promise<ServiceProvider> {
  const found = given.metadata === undefined ? null : await readMetadata(given.metadata);
  const certificates = given.certificates ?? found?.certificates ?? [];
  const provider: ServiceProvider = {
    id: of.id,
    tenant: of.tenant,
    name: text('name', given.name, { most: 100 }),
    description: given.description ?? '',
    enabled: given.enabled ?? true,
    entityId: text('entityId', given.entityId ?? found?.entityId, { most: longestAddress }),
    consumerUrls: consumers(given.consumerUrls ?? found?.consumerUrls ?? []),
    landingOrigins: origins(given.landingOrigins ?? []),
    certificates: certificates.length === 0 ? [] : readCertificates(certificates),
    requireSignedRequests: given.requireSignedRequests ?? found?.requireSignedRequests ?? false,
    allowUnsolicited: given.allowUnsolicited ?? false,
    audiences: list('audiences', given.audiences ?? []),
    recipients: list('recipients', given.recipients ?? []),
    assertionValidity: given.assertionValidity ?? 300,
    roleAttribute: given.roleAttribute ? text('roleAttribute', given.roleAttribute, { most: longestAddress }) : '',
    claims: claims(given.claims ?? {}),
    qualifiedNames: given.qualifiedNames ?? false,
  };
  if (provider.requireSignedRequests && provider.certificates.length === 0) {
    throw new RestError(400, 'body/certificates: expected one, as signed requests are required.');
  }
  const { assertionValidity } = provider;
  if (!Number.isInteger(assertionValidity) || assertionValidity < 30 || assertionValidity > longestValidity) {
    throw new RestError(400, `body/assertionValidity: expected 30 to ${longestValidity} seconds.`);
  }
  return provider;
}

function consumers(urls: readonly string[]): readonly string[] {
  if (urls.length === 0) throw new RestError(400, 'body/consumerUrls: expected at least one address.');
  return list('consumerUrls', urls).map((url, at) => {
    if (isConsumer(url)) return url;
    throw new RestError(
      400,
      `body/consumerUrls/${at}: expected an address with https and without fragment (http only for localhost), like https://app.example.org/saml/acs.`,
    );
  });
}

function origins(given: readonly string[]): readonly string[] {
  return list('landingOrigins', given).map((origin, at) => {
    if (isConsumer(origin) && URL.parse(origin)?.origin === origin) return origin;
    throw new RestError(400, `body/landingOrigins/${at}: expected scheme and host, like https://www.example.org.`);
  });
}

/** URLs have hosts with other characters too, which mean something else in the policy of a page. */
const host = /^(?:[\w.-]+|\[[\da-f:.]+\])$/;

/** An assertion is worth a log-in: between here and an address without TLS anybody could take it. */
function isConsumer(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !host.test(url.hostname) || /[\s#]/.test(text) || url.username !== '' || url.password !== '')
    return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isHere(url.hostname));
}

const isHere = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);

function list(field: string, values: readonly string[]): readonly string[] {
  if (values.length > mostEntries) throw new RestError(400, `body/${field}: expected at most ${mostEntries} entries.`);
  return [...new Set(values.map((value, at) => text(`${field}/${at}`, value, { most: longestAddress })))];
}

function claims(given: Readonly<Record<string, string | undefined>>): ServiceProvider['claims'] {
  const pairs = Object.entries(given).map(([claim, attribute]) => {
    if ((toldClaims as readonly string[]).includes(claim)) {
      return [claim as ToldClaim, text(`claims/${claim}`, attribute, { most: longestAddress })] as const;
    }
    throw new RestError(400, `body/claims: expected names out of ${toldClaims.join(', ')}, got ${claim}.`);
  });
  return Object.fromEntries(pairs);
}
