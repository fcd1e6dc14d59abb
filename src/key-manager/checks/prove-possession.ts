/** Which keys the request proves: what is issued is bound to them. */

import type { Step } from '../call.ts';
import { clientCertificateOf, thumbprintOf } from '../clients/client-certificate.ts';
import { metadataOf } from '../clients/client-metadata.ts';
import { OAuthError } from '../oauth-error.ts';
import { nonceHeaders, readProof } from '../proofs/dpop.ts';
import { tokenUrls } from '../tokens/token-urls.ts';

export const provePossession: Step = async (call, km) => {
  const metadata = metadataOf(call.client);
  const jkt = await readProof(km, call.request, { urls: tokenUrls(km.options) });
  if (jkt === null && metadata.dpop_bound_access_tokens === true) {
    throw new OAuthError('invalid_dpop_proof', 'the client has registered to send a proof in the field DPoP');
  }
  if (jkt !== null) {
    call.reply.headers(nonceHeaders(km));
    call.confirmation = { ...call.confirmation, jkt };
  }
  if (metadata.tls_client_certificate_bound_access_tokens !== true) return;
  const shown = clientCertificateOf(km, call.request);
  if (!shown) {
    throw new OAuthError('invalid_request', 'the client has registered to show a certificate (mutual TLS)');
  }
  call.confirmation = { ...call.confirmation, 'x5t#S256': thumbprintOf(shown) };
};
