/** What an assertion says, once everything about it is found good (RFC 7522 section 3). One file a rule. */
import { attributeOf } from '../../adapters/xml/elements.ts';
import { parseXml, XmlError } from '../../adapters/xml/parse-xml.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import type { KeyManager } from '../call.ts';
import { tokenUrls } from '../token-urls.ts';
import { refuse, type SignedAssertion } from './assertion.ts';
import { checkAudience } from './check-audience.ts';
import { checkConditions } from './check-conditions.ts';
import { checkConfirmation } from './check-confirmation.ts';
import { checkVersion } from './check-version.ts';
import { decodeAssertion } from './decode-assertion.ts';
import { findProvider } from './find-provider.ts';
import { type Attributes, readAttributes } from './read-attributes.ts';
import { readName } from './read-name.ts';
import { readSession } from './read-session.ts';
import { verifySignature } from './verify-signature.ts';

export interface AcceptedAssertion extends Attributes {
  readonly provider: IdentityProvider;
  readonly id: string;
  /** Whom it is about, as the provider names him. */
  readonly name: string;
  /** In which he logged in, as the provider names it; null = it doesn't. */
  readonly session: string | null;
  /** Seconds since the epoch, from when on it is good for nothing. */
  readonly endsAt: number;
}

/** @param parameter `assertion` of the request. @throws OAuthError invalid_grant */
export async function acceptAssertion(km: KeyManager, tenant: string, parameter: string): Promise<AcceptedAssertion> {
  const text = decodeAssertion(parameter);
  const root = await parseXml(text).catch((error) =>
    error instanceof XmlError ? refuse(error.message) : Promise.reject(error),
  );
  const provider = await findProvider(km, tenant, root);
  const signed: SignedAssertion = {
    element: await verifySignature(text, root, provider),
    provider,
    nowMs: km.clock.now(),
    skewMs: km.options.assertionSkew * 1000,
    endpoints: new Set([...tokenUrls(km.options), ...(provider.alias === '' ? [] : [provider.alias])]),
  };
  checkVersion(signed);
  const ends = [checkConditions(signed), checkConfirmation(signed)].filter((end) => end !== null);
  checkAudience(signed);
  if (ends.length === 0) refuse('it never expires: expected NotOnOrAfter');
  return {
    provider,
    id: attributeOf(signed.element, 'ID') as string,
    name: readName(signed),
    session: readSession(signed),
    endsAt: Math.floor(Math.min(...ends) / 1000),
    ...readAttributes(signed),
  };
}
