/** What an assertion says, once everything about it is found good. One file a rule. */
import { attributeOf } from '../../adapters/xml/elements.ts';
import { refuse, type SignedAssertion } from './assertion.ts';
import { checkAudience } from './check-audience.ts';
import { checkConditions } from './check-conditions.ts';
import { checkConfirmation } from './check-confirmation.ts';
import { checkVersion } from './check-version.ts';
import { type Attributes, readAttributes } from './read-attributes.ts';
import { readName } from './read-name.ts';

export interface AssertionFacts extends Attributes {
  readonly id: string;
  /** Whom it is about, as the provider names him. */
  readonly name: string;
  /** Seconds since the epoch, from when on it is good for nothing. */
  readonly endsAt: number;
}

/** @throws SamlRefusal */
export function readAssertion(signed: SignedAssertion): AssertionFacts {
  checkVersion(signed);
  const ends = [checkConditions(signed), checkConfirmation(signed)].filter((end) => end !== null);
  checkAudience(signed);
  if (ends.length === 0) refuse('it never expires: expected NotOnOrAfter');
  return {
    id: attributeOf(signed.element, 'ID') as string,
    name: readName(signed),
    endsAt: Math.floor(Math.min(...ends) / 1000),
    ...readAttributes(signed),
  };
}
