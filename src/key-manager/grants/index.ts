/** The grants that the token endpoint serves. */
import { authorizationCode } from './authorization-code.ts';
import { clientCredentials } from './client-credentials.ts';
import type { Grant } from './grant.ts';
import { password } from './password.ts';
import { refreshToken } from './refresh-token.ts';
import { saml2Bearer } from './saml2-bearer.ts';

const all: readonly Grant[] = [authorizationCode, clientCredentials, password, refreshToken, saml2Bearer];

export const grants: ReadonlyMap<string, Grant> = new Map(all.map((grant) => [grant.grantType, grant]));
