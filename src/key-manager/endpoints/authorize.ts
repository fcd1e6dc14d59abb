/** GET and POST /oauth2/authorize (RFC 6749 section 3.1). The order of the steps decides which error comes first. */
import { answerClient } from '../authorization/answer.ts';
import { atPublicAddress } from '../authorization/at-public-address.ts';
import { decideScope } from '../authorization/decide-scope.ts';
import { findClient } from '../authorization/find-client.ts';
import { giveCode } from '../authorization/give-code.ts';
import { giveTokens } from '../authorization/give-tokens.ts';
import { requirePushedRequest, usePushedRequest } from '../authorization/pushed-request.ts';
import { limitRequest } from '../authorization/read-request.ts';
import { requestChecks } from '../authorization/request-checks.ts';
import { requireConsent } from '../authorization/require-consent.ts';
import { requireLogIn } from '../authorization/require-log-in.ts';
import type { Refuse, Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { sendErrorPage } from '../pages/page.ts';

export const authorize: readonly Step[] = [
  rejectRepeatedParameters,
  limitRequest,
  rememberBeginning,
  // Until the address is known to be the client's, errors are shown here.
  usePushedRequest,
  findClient,
  ...requestChecks,
  requirePushedRequest,
  atPublicAddress,
  requireLogIn,
  decideScope,
  requireConsent,
  giveTokens,
  giveCode,
];

export const refuseAuthorization: Refuse = (call, error, km) => {
  if (call.answerTo === null) return sendErrorPage(call.reply, error, true);
  answerClient(call, km, call.answerTo, { error: error.code, error_description: error.message });
};
