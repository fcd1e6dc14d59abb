/** Who logged in at a provider, by the response that his browser brings (SAML profiles section 4.1.4.3). One file a rule. */
import { refuse } from '../../saml/assertion.ts';
import { type AssertionFacts, readAssertion } from '../../saml/read-assertion.ts';
import { checkNameFormat } from './check-name-format.ts';
import { checkResponse } from './check-response.ts';
import { checkStatus } from './check-status.ts';
import { type LogInThere, readLogIn } from './read-log-in.ts';
import { readResponse } from './read-response.ts';
import type { Expected } from './response.ts';
import { verifyResponse } from './verify-response.ts';

export interface AcceptedResponse extends AssertionFacts, LogInThere {}

/**
 * @param field `SAMLResponse` of the form
 * @throws SamlRefusal when it is not to be believed, NotLoggedIn when it says that nobody logged in
 */
export async function acceptResponse(field: string, expected: Expected): Promise<AcceptedResponse> {
  const { provider, nowMs, skewMs } = expected;
  const received = await readResponse(field);
  const { response, isSigned, assertion } = await verifyResponse(received, provider);
  checkResponse(response, isSigned, expected);
  checkStatus(response);
  if (!assertion) return refuse('it has no assertion');
  checkNameFormat(assertion, provider);
  const facts = readAssertion({
    element: assertion,
    provider,
    nowMs,
    skewMs,
    recipients: new Set([expected.consumer]),
    audiences: new Set([expected.entityId]),
    inResponseTo: expected.requestId,
  });
  return { ...facts, ...readLogIn(assertion, expected) };
}
