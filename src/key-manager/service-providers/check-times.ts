/** It was made a moment ago: who opens a bookmark of a page for a log-in would be sent where nobody waits for him. */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf } from '../../adapters/xml/elements.ts';
import type { KeyManager } from '../call.ts';
import { readInstant } from '../saml/read-instant.ts';
import { refuse } from './refuse.ts';
import { patience } from './sign-on.ts';

export function checkTimes(element: XmlElement, { clock, options }: Pick<KeyManager, 'clock' | 'options'>): void {
  const issued =
    readInstant(attributeOf(element, 'IssueInstant') ?? '') ??
    refuse('IssueInstant: expected a time in UTC like 2026-01-31T12:00:00Z');
  const skew = options.assertionSkew * 1000;
  if (issued - skew > clock.now()) refuse('its IssueInstant is in the future');
  if (issued + skew + patience * 1000 < clock.now()) refuse('it is too old; begin once more at the application');
}
