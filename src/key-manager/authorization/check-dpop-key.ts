/** The key of which whoever exchanges the code has to prove that he has it (RFC 9449 section 10). */
import type { Step } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { readProof } from '../proofs/dpop.ts';

/** A SHA-256 in base64url. */
const thumbprintForm = /^[A-Za-z0-9_-]{43}$/;

export const checkDpopKey: Step = ({ form }) => {
  const asked = form.get('dpop_jkt');
  if (asked !== null && !thumbprintForm.test(asked)) {
    throw new OAuthError('invalid_request', 'dpop_jkt: expected the SHA-256 thumbprint of a key, in base64url');
  }
};

/** Of a request that is pushed, the proof that comes with it names the key as well (section 10.1). */
export const readDpopKey: Step = async (call, km) => {
  const jkt = await readProof(km, call.request, { urls: [`${km.options.publicUrl}/oauth2/par`] });
  if (jkt === null) return;
  const asked = call.form.get('dpop_jkt');
  if (asked !== null && asked !== jkt) {
    throw new OAuthError('invalid_dpop_proof', 'dpop_jkt is not the key of the proof');
  }
  call.form = call.form.with('dpop_jkt', jkt);
};
