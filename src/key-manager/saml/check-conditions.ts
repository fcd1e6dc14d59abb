/**
 * Under which conditions the assertion is good (SAML core section 2.5.1). One that isn't known can't be met: such an assertion
 * is refused. What is used once here anyway meets OneTimeUse, and who makes no assertions meets ProxyRestriction.
 */
import { childElements, isElement } from '../../adapters/xml/elements.ts';
import { samlAssertion } from '../../core/saml.ts';
import { oneChild, refuse, type SignedAssertion, timeOf } from './assertion.ts';

/** How often each may stand there. */
const known: Readonly<Record<string, number>> = {
  AudienceRestriction: Number.POSITIVE_INFINITY,
  OneTimeUse: 1,
  ProxyRestriction: 1,
};

/** @returns when they end, milliseconds since the epoch; null = they don't say */
export function checkConditions({ element, nowMs, skewMs }: SignedAssertion): number | null {
  const conditions = oneChild(element, 'Conditions');
  const seen = new Map<string, number>();
  for (const condition of childElements(conditions)) {
    const { localName } = condition;
    const number = (seen.get(localName) ?? 0) + 1;
    const isKnown = isElement(condition, samlAssertion, localName) && Object.hasOwn(known, localName);
    if (!isKnown || number > (known[localName] as number)) refuse(`the condition ${localName} is not understood`);
    seen.set(localName, number);
  }
  const [begins, ends] = [timeOf(conditions, 'NotBefore'), timeOf(conditions, 'NotOnOrAfter')];
  if (begins !== null && begins - skewMs > nowMs) refuse('it is not good yet (NotBefore)');
  if (ends !== null && ends <= nowMs) refuse('it has expired');
  return ends;
}
