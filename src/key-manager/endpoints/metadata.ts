/** What the key manager can do and where (RFC 8414; OpenID Connect Discovery 1.0). */
import type { Step } from '../call.ts';
import { clientAuthentications } from '../client-auth/index.ts';
import { grants } from '../grants/index.ts';

const answer: Step = ({ reply }, { options }) => {
  const { issuer, publicUrl } = options;
  const methods = clientAuthentications.map((one) => one.method);
  reply.send({
    issuer,
    token_endpoint: `${publicUrl}/oauth2/token`,
    jwks_uri: `${publicUrl}/oauth2/jwks`,
    registration_endpoint: `${publicUrl}/client-registration/v0.17/register`,
    revocation_endpoint: `${publicUrl}/oauth2/revoke`,
    introspection_endpoint: `${publicUrl}/oauth2/introspect`,
    grant_types_supported: [...grants.keys()],
    // No grant begins at an authorization endpoint yet.
    response_types_supported: [],
    scopes_supported: ['default', 'openid'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [options.signingAlgorithm],
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: methods,
  });
};

export const metadata: readonly Step[] = [answer];
