/** Which keys the request proves: what is issued is bound to them. */
import type { Step } from '../call.ts';
import { metadataOf } from '../client-metadata.ts';
import { nonceHeaders, readProof } from '../dpop.ts';
import { OAuthError } from '../oauth-error.ts';

export const provePossession: Step = async (call, km) => {
  const jkt = await readProof(km, call.request, { urls: km.options.tokenUrls });
  if (jkt === null && metadataOf(call.client).dpop_bound_access_tokens === true) {
    throw new OAuthError('invalid_dpop_proof', 'the client has registered to send a proof in the field DPoP');
  }
  if (jkt === null) return;
  call.reply.headers(nonceHeaders(km));
  call.confirmation = { ...call.confirmation, jkt };
};
