/** What the key manager can do and where (RFC 8414; OpenID Connect Discovery 1.0). */

import { responseModes } from '../authorization/answer.ts';
import { promptsOf } from '../authorization/check-prompt.ts';
import { responseTypes } from '../authorization/check-response.ts';
import type { Step } from '../call.ts';
import { clientAuthentications } from '../client-auth/index.ts';
import { connectionAuthentications } from '../client-auth/mutual-tls.ts';
import { jwsAlgorithms } from '../proofs/jws-algorithms.ts';

const answer: Step = ({ reply }, km) => {
  const { options, keys, grants } = km;
  const { issuer, publicUrl } = options;
  const byConnection = connectionAuthentications.filter((one) => one.isServed(km));
  const methods = [...clientAuthentications, ...byConnection].map((one) => one.method);
  reply.send({
    issuer,
    token_endpoint: `${publicUrl}/oauth2/token`,
    jwks_uri: `${publicUrl}/oauth2/jwks`,
    registration_endpoint: `${publicUrl}/oauth2/register`,
    revocation_endpoint: `${publicUrl}/oauth2/revoke`,
    introspection_endpoint: `${publicUrl}/oauth2/introspect`,
    grant_types_supported: [...grants.keys(), ...(options.allowImplicit ? ['implicit'] : [])],
    device_authorization_endpoint: `${publicUrl}/oauth2/device_authorization`,
    authorization_endpoint: `${publicUrl}/oauth2/authorize`,
    userinfo_endpoint: `${publicUrl}/oauth2/userinfo`,
    pushed_authorization_request_endpoint: `${publicUrl}/oauth2/par`,
    require_pushed_authorization_requests: options.requirePushedRequests,
    end_session_endpoint: `${publicUrl}/oidc/logout`,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    response_types_supported: [...responseTypes(options)],
    response_modes_supported: [...responseModes],
    code_challenge_methods_supported: options.allowPlainPkce ? ['S256', 'plain'] : ['S256'],
    authorization_response_iss_parameter_supported: true,
    prompt_values_supported: promptsOf(km),
    claims_parameter_supported: true,
    claims_supported: ['sub', 'iss', 'aud', 'azp', 'exp', 'iat', 'auth_time', 'nonce', 'amr', 'sid', 'at_hash'].concat([
      'preferred_username',
      'name',
      'given_name',
      'family_name',
      'email',
      ...(options.rolesClaim === '' ? [] : [options.rolesClaim]),
    ]),
    tls_client_certificate_bound_access_tokens: true,
    dpop_signing_alg_values_supported: jwsAlgorithms,
    request_uri_parameter_supported: false,
    scopes_supported: ['default', 'openid', 'profile', 'email', 'offline_access'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: keys.algorithms,
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: jwsAlgorithms,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: jwsAlgorithms,
    introspection_endpoint_auth_signing_alg_values_supported: jwsAlgorithms,
    introspection_signing_alg_values_supported: keys.algorithms,
    introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
  });
};

export const metadata: readonly Step[] = [answer];
