/** What is checked of each request for authorization, whether a browser brings it or the client pushes it. */
import type { Step } from '../call.ts';
import { checkClaims } from './check-claims.ts';
import { checkDpopKey } from './check-dpop-key.ts';
import { checkPkce } from './check-pkce.ts';
import { checkPrompt } from './check-prompt.ts';
import { checkRedirectUri } from './check-redirect-uri.ts';
import { checkResponseMode, checkResponseType, refuseRequestObjects } from './check-response.ts';
import { checkScope } from './check-scope.ts';

/** Once it is known whose request it is. The order decides which error comes first. */
export const requestChecks: readonly Step[] = [
  checkRedirectUri,
  // From here on the client is told.
  checkResponseMode,
  refuseRequestObjects,
  checkResponseType,
  checkScope,
  checkClaims,
  checkPkce,
  checkPrompt,
  checkDpopKey,
];
