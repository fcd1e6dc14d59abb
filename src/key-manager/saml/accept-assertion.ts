/** An assertion that a client exchanges for a token (RFC 7522 section 3). */
import { parseXml, XmlError } from '../../adapters/xml/parse-xml.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import type { ServiceProvider } from '../../core/service-provider.ts';
import type { KeyManager } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { isOurs, meantNow } from '../service-providers/own-assertions.ts';
import { tokenUrls } from '../tokens/token-urls.ts';
import { SamlRefusal, type SignedAssertion } from './assertion.ts';
import { decodeAssertion } from './decode-assertion.ts';
import { findProvider } from './find-provider.ts';
import { type AssertionFacts, readAssertion } from './read-assertion.ts';
import { readSession } from './read-session.ts';
import { verifySignature } from './verify-signature.ts';

export interface AcceptedAssertion extends AssertionFacts {
  readonly provider: IdentityProvider;
  /** In which he logged in, as the provider names it; null = it doesn't. */
  readonly session: string | null;
  /** Of our own assertion: whom it was for; null = it is another's. */
  readonly serviceProvider: ServiceProvider | null;
}

/** @param parameter `assertion` of the request. @throws OAuthError invalid_grant, for every defect (RFC 7522 section 3.1) */
export function acceptAssertion(km: KeyManager, tenant: string, parameter: string): Promise<AcceptedAssertion> {
  return accept(km, tenant, parameter).catch((error) => {
    if (!(error instanceof SamlRefusal || error instanceof XmlError)) throw error;
    throw new OAuthError('invalid_grant', `the assertion is refused: ${error.message}`);
  });
}

async function accept(km: KeyManager, tenant: string, parameter: string): Promise<AcceptedAssertion> {
  const text = decodeAssertion(parameter);
  const root = await parseXml(text);
  const provider = await findProvider(km, tenant, root);
  // The address of the token endpoint, or the provider's alias for it.
  const ours = new Set([...tokenUrls(km.options), ...(provider.alias === '' ? [] : [provider.alias])]);
  const element = await verifySignature(text, root, provider);
  const meant = isOurs(provider) ? await meantNow(km, tenant, element, ours) : null;
  const signed: SignedAssertion = {
    element,
    provider,
    nowMs: km.clock.now(),
    skewMs: km.options.assertionSkew * 1000,
    recipients: meant?.recipients ?? ours,
    audiences: meant?.audiences ?? ours,
    inResponseTo: null,
  };
  return {
    provider,
    session: readSession(signed),
    serviceProvider: meant?.serviceProvider ?? null,
    ...readAssertion(signed),
  };
}
