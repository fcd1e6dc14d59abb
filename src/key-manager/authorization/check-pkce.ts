/** Who presents the code has to know what the request was made with (RFC 7636). */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { CodeRow } from '../../adapters/stores/authorization-codes.ts';
import type { KeyManager, Step } from '../call.ts';
import { isPublic } from '../clients/client-metadata.ts';
import type { Form } from '../form.ts';
import { OAuthError } from '../oauth-error.ts';
import { wantsCode } from './check-response.ts';

export type Challenge = Pick<CodeRow, 'code_challenge' | 'code_challenge_method'>;

/** 43 to 128 characters (section 4.1). */
const verifierForm = /^[A-Za-z0-9\-._~]{43,128}$/;
/** What SHA-256 makes of it. */
const s256Form = /^[A-Za-z0-9_-]{43}$/;

export const checkPkce: Step = ({ form, client }, km) => {
  if (!wantsCode(form)) return;
  const { code_challenge } = challengeOf(form, km);
  if (code_challenge === null && (isPublic(client) || km.options.requirePkce)) {
    throw new OAuthError('invalid_request', 'missing parameter: code_challenge (PKCE is required)');
  }
};

/** @throws OAuthError invalid_request when the parameters contradict each other, or ask for what is not allowed. */
export function challengeOf(form: Form, { options }: Pick<KeyManager, 'options'>): Challenge {
  const challenge = form.get('code_challenge');
  const method = form.get('code_challenge_method');
  if (challenge === null) {
    if (method !== null) throw new OAuthError('invalid_request', 'missing parameter: code_challenge');
    return { code_challenge: null, code_challenge_method: null };
  }
  // Absent means `plain` (section 4.3).
  if (method === 'S256' && s256Form.test(challenge))
    return { code_challenge: challenge, code_challenge_method: 'S256' };
  if (method === 'S256') {
    throw new OAuthError('invalid_request', 'code_challenge: expected 43 characters of base64url for S256');
  }
  if (!options.allowPlainPkce || (method !== null && method !== 'plain')) {
    const allowed = options.allowPlainPkce ? 'S256 or plain' : 'S256';
    throw new OAuthError('invalid_request', `code_challenge_method: expected ${allowed}`);
  }
  if (!verifierForm.test(challenge)) {
    throw new OAuthError('invalid_request', 'code_challenge: expected 43 to 128 unreserved characters');
  }
  return { code_challenge: challenge, code_challenge_method: 'plain' };
}

/** Whether the verifier is what the challenge was made of; without a challenge there must be none (RFC 9700 section 2.1.1). */
export function verifies({ code_challenge, code_challenge_method }: Challenge, verifier: string | null): boolean {
  if (code_challenge === null || verifier === null) return code_challenge === null && verifier === null;
  if (!verifierForm.test(verifier)) return false;
  const made = code_challenge_method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  return made.length === code_challenge.length && timingSafeEqual(Buffer.from(made), Buffer.from(code_challenge));
}
