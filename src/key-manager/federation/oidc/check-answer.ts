/** The parameters with which the browser comes back (RFC 6749 section 4.1.2, RFC 9207). */
import type { Form } from '../../form.ts';
import type { OpenIdProvider } from './read-metadata.ts';
import { refuse } from './refuse.ts';

/** The code. */
export function checkAnswer(form: Form, { issuer, saysIssuer }: OpenIdProvider): string {
  // Before anything else: it may be another provider that answers (RFC 9207 section 2.4).
  const iss = form.get('iss');
  if (iss === null ? saysIssuer : iss !== issuer)
    return refuse('another provider has answered, or it does not say who it is');
  const error = form.get('error');
  if (error !== null) return refuse(`the provider says ${/^[a-z_]{1,40}$/.test(error) ? error : 'that it failed'}`);
  return form.get('code') ?? refuse('there is no code in the answer');
}
