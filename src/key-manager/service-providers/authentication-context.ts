/** How strictly somebody has to have shown who he is (SAML core section 3.3.2.2.1), and how he has. */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childElements, isElement, textOf } from '../../adapters/xml/elements.ts';
import {
  passwordContext,
  protectedPasswordContext,
  samlAssertion,
  samlProtocol,
  unspecifiedContext,
} from '../../core/saml.ts';
import { refuse } from './refuse.ts';

const comparisons = ['exact', 'minimum', 'maximum', 'better'] as const;

export interface WantedContext {
  readonly comparison: (typeof comparisons)[number];
  /** Classes. Of one that isn't known nobody is. */
  readonly classes: readonly string[];
}

/** Weakest first. A password reaches us over TLS only, so whoever has typed one has done the last. */
const known: readonly string[] = [unspecifiedContext, passwordContext, protectedPasswordContext];
const most = 20;

export function readContext(element: XmlElement): WantedContext {
  const comparison = comparisons.find((one) => one === (attributeOf(element, 'Comparison') ?? 'exact'));
  const children = childElements(element);
  if (!comparison || children.length === 0 || children.length > most) {
    return refuse(`RequestedAuthnContext: expected 1 to ${most} classes, and a comparison out of ${comparisons}`);
  }
  // Declarations are classes of somebody's own: none is known.
  const isClass = (child: XmlElement) => isElement(child, samlAssertion, 'AuthnContextClassRef');
  if (!children.every((child) => isClass(child) || isElement(child, samlAssertion, 'AuthnContextDeclRef'))) {
    return refuse(`RequestedAuthnContext: expected references of ${samlProtocol}`);
  }
  return { comparison, classes: children.filter(isClass).map((child) => (textOf(child) ?? '').trim()) };
}

/**
 * The class that is told of a log-in.
 * @param methods RFC 8176; @returns null when it is not as the provider wants it
 */
export function contextOf(methods: readonly string[], wanted: WantedContext | null): string | null {
  const strength = methods.includes('pwd') ? known.indexOf(protectedPasswordContext) : 0;
  const own = known[strength] as string;
  if (!wanted) return own;
  const ranks = wanted.classes.map((name) => known.indexOf(name)).filter((rank) => rank >= 0);
  switch (wanted.comparison) {
    case 'exact':
      // In the order in which the provider prefers them.
      return known[ranks.find((rank) => rank <= strength) ?? -1] ?? null;
    case 'minimum':
      return ranks.some((rank) => rank <= strength) ? own : null;
    case 'maximum':
      return ranks.length > 0 ? (known[Math.min(strength, Math.max(...ranks))] as string) : null;
    case 'better':
      return ranks.length > 0 && ranks.every((rank) => rank < strength) ? own : null;
  }
}
