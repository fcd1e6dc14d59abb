/** How, when and for how long the user logged in there (SAML core section 2.7.2). */
import type { XmlElement } from '@xmldom/xmldom';
import { childrenOf } from '../../../adapters/xml/elements.ts';
import { contextPrefix, passwordContext, protectedPasswordContext, samlAssertion } from '../../../core/saml.ts';
import { refuse, samlChildren, timeOf, uriOf } from '../../saml/assertion.ts';
import type { Expected } from './response.ts';

export interface LogInThere {
  /** Seconds since the epoch. */
  readonly authenticatedAt: number;
  /** Seconds since the epoch, from when on the provider wants him out; null = it does not say. */
  readonly sessionEndsAt: number | null;
  /** RFC 8176; empty = the provider does not say it in a way that is known. */
  readonly methods: readonly string[];
}

/** Names of RFC 8176 for ways to log in; those of ADFS and REFEDS too. */
const methodsOf: Readonly<Record<string, string>> = {
  [passwordContext]: 'pwd',
  [protectedPasswordContext]: 'pwd',
  [`${contextPrefix}SmartcardPKI`]: 'sc',
  [`${contextPrefix}SoftwarePKI`]: 'swk',
  [`${contextPrefix}TimeSyncToken`]: 'otp',
  [`${contextPrefix}MobileTwoFactorContract`]: 'mfa',
  [`${contextPrefix}MobileTwoFactorUnregistered`]: 'mfa',
  'urn:federation:authentication:windows': 'wia',
  'http://schemas.microsoft.com/claims/multipleauthn': 'mfa',
  'https://refeds.org/profile/mfa': 'mfa',
};

/** @param assertion as it was signed */
export function readLogIn(assertion: XmlElement, { nowMs, skewMs }: Pick<Expected, 'nowMs' | 'skewMs'>): LogInThere {
  const statements = samlChildren(assertion, 'AuthnStatement');
  if (statements.length === 0) return refuse('it does not say that the user logged in (AuthnStatement)');
  const at = Math.max(...statements.map((one) => timeOf(one, 'AuthnInstant') ?? refuse('it has no AuthnInstant')));
  if (at - skewMs > nowMs) return refuse('its AuthnInstant is in the future');
  const ends = statements.map((one) => timeOf(one, 'SessionNotOnOrAfter')).filter((end) => end !== null);
  const end = ends.length === 0 ? null : Math.min(...ends);
  if (end !== null && end <= nowMs) return refuse('the session of the user is over (SessionNotOnOrAfter)');
  return {
    authenticatedAt: Math.floor(Math.min(at, nowMs) / 1000),
    sessionEndsAt: end === null ? null : Math.floor(end / 1000),
    methods: [...new Set(statements.flatMap(contextsOf).flatMap((context) => methodsOf[context] ?? []))],
  };
}

const contextsOf = (statement: XmlElement): string[] =>
  samlChildren(statement, 'AuthnContext')
    .flatMap((context) => childrenOf(context, samlAssertion, 'AuthnContextClassRef'))
    .map(uriOf);
