/**
 * The fault catalogue: every refusal the gateway can give, with its code, status and public words.
 *
 * A refusal is a value that a stage returns, never a thrown Error. `docs/errors.md` lists the same entries; a test
 * keeps the two equal. The codes are those that clients of WSO2 API Manager know.
 */

/** One entry of the catalogue. */
export interface FaultKind {
  /** The number clients switch on. */
  readonly code: number;
  /** HTTP status. */
  readonly status: number;
  /** Short title, the same for every occurrence. */
  readonly message: string;
  /** What the caller can do about it; the default description of a fault of this kind. */
  readonly description: string;
}

/** A refusal of one request. */
export interface Fault {
  readonly kind: FaultKind;
  /** Public words for this occurrence. */
  readonly description: string;
  /** Response headers that belong to this refusal (`WWW-Authenticate`, `Retry-After`, `Allow`, …). */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const kind = (code: number, status: number, message: string, description: string): FaultKind => ({
  code,
  status,
  message,
  description,
});

export const faults = {
  malformedRequest: kind(400, 400, 'Bad Request', 'The request is not valid HTTP.'),
  plainHttp: kind(400, 400, 'Bad Request', 'This port of the gateway is for HTTPS; call it with https://.'),
  requestTimeout: kind(408, 408, 'Request Timeout', 'The request head did not arrive in time.'),
  uriTooLong: kind(414, 414, 'URI Too Long', 'The request target is over the limit of this gateway.'),
  headerTooLarge: kind(
    431,
    431,
    'Request Header Fields Too Large',
    'The request head is over the limit of this gateway.',
  ),
  bodyTooLarge: kind(413, 413, 'Content Too Large', 'The request body is over the limit of this gateway.'),
  tooManyConnections: kind(503, 503, 'Service Unavailable', 'This address has too many connections to this gateway.'),
  upgradeNotBuilt: kind(
    501,
    501,
    'Not Implemented',
    'This gateway can not switch to another protocol; its option gateway.wire has to be net for that.',
  ),
  notFound: kind(404, 404, 'Not Found', 'No API of this gateway answers at this path.'),
  transportDisabled: kind(403, 403, 'Forbidden', 'The API does not answer over this transport (HTTP or HTTPS).'),
  methodNotAllowed: kind(
    405,
    405,
    'Method Not Allowed',
    'The resource exists but has no such method; see the Allow header.',
  ),

  authenticationFailure: kind(
    900900,
    500,
    'Unclassified Authentication Failure',
    'The access token could not be checked. Try again later.',
  ),
  invalidCredentials: kind(
    900901,
    401,
    'Invalid Credentials',
    'Make sure that you have provided the correct security credentials.',
  ),
  missingCredentials: kind(
    900902,
    401,
    'Missing Credentials',
    'Send the access token as `Authorization: Bearer <token>`.',
  ),
  tokenExpired: kind(900903, 401, 'Access Token Expired', 'Renew the access token and try again.'),
  wrongTokenType: kind(
    900905,
    401,
    'Incorrect Access Token Type is provided',
    'This resource needs another type of access token (application or application user).',
  ),
  subscriptionBlocked: kind(
    900907,
    403,
    'The requested API is temporarily blocked',
    'The subscription of this application to the API is blocked.',
  ),
  notSubscribed: kind(
    900908,
    403,
    'Resource forbidden',
    'The application of this access token is not subscribed to the API.',
  ),
  subscriptionOnHold: kind(
    900909,
    403,
    'The subscription to the API is inactive',
    'The subscription waits for approval.',
  ),
  scopeNotAllowed: kind(
    900910,
    403,
    'The access token does not allow you to access the requested resource',
    'The access token lacks the scope of this resource.',
  ),
  clientCertificateNeeded: kind(
    900911,
    401,
    'Client certificate required',
    'Call the API over HTTPS, with a client certificate that it accepts.',
  ),
  invalidBasicCredentials: kind(
    900914,
    401,
    'Invalid Basic credentials',
    'Make sure that you have provided the correct user name and password.',
  ),
  wrongScheme: kind(
    900917,
    401,
    'Invalid Authentication scheme',
    'This API wants another authentication scheme: send the access token as `Authorization: Bearer <token>`.',
  ),
  noEndpoint: kind(900901, 403, 'No Endpoint', 'The API has no endpoint for this type of key.'),

  apiThrottled: kind(900800, 429, 'Message throttled out', 'The limit of the API is used up.'),
  resourceThrottled: kind(900802, 429, 'Message throttled out', 'The limit of the resource is used up.'),
  applicationThrottled: kind(900803, 429, 'Message throttled out', 'The limit of the application is used up.'),
  subscriptionThrottled: kind(900804, 429, 'Message throttled out', 'The limit of the subscription is used up.'),
  subscriptionBurst: kind(900807, 429, 'Message throttled out', 'The burst limit of the subscription is used up.'),
  backendCapped: kind(900801, 503, 'API Limit Reached', 'The back end gets as many requests as it can take.'),
  denied: kind(900805, 403, 'Message blocked', 'You have been blocked from accessing the resource.'),
  policyMissing: kind(900809, 500, 'Internal server error', 'A throttling policy that this API names does not exist.'),

  backendUnreachable: kind(101503, 503, 'Back end unreachable', 'The back end could not be reached.'),
  backendTimeout: kind(101504, 504, 'Back end timed out', 'The back end did not answer in time.'),
  backendClosed: kind(
    101505,
    502,
    'Back end closed the connection',
    'The back end closed the connection before its answer was complete.',
  ),
  backendMalformed: kind(101506, 502, 'Malformed answer', 'The back end did not answer in valid HTTP.'),
  keyManagerUnreachable: kind(
    101503,
    503,
    'Key manager unreachable',
    'The key manager could not be reached. Try again later.',
  ),
  apiBlocked: kind(700700, 503, 'API blocked', 'This API has been blocked by its publisher.'),
  decisionNotHeld: kind(
    900951,
    503,
    'Gateway out of room',
    'The gateway has no room for a decision that it was told, so it serves nothing. Its operator has to raise a limit.',
  ),
  keyNotKnownYet: kind(
    900952,
    503,
    'Key not known yet',
    'The key of the access token is not known, and was looked for too often already. Try again later.',
  ),
  outOfTouch: kind(
    900953,
    503,
    'Gateway out of touch',
    'The gateway has not heard for too long what was decided, so it does not serve this API. Try again later.',
  ),
  tooManyToVerify: kind(
    900954,
    503,
    'Too many new tokens',
    'More tokens that were not seen before wait to be verified than the gateway can verify soon. Try again later.',
  ),
  notReady: kind(900950, 503, 'Gateway not ready', 'The gateway has not yet loaded its APIs and revocations.'),
  internalError: kind(900967, 500, 'Internal server error', 'The gateway failed to handle this request.'),
} as const satisfies Record<string, FaultKind>;

const none: Fault['headers'] = [];

/** A refusal of the given kind. Without headers and words of its own it says what the catalogue says. */
export function fault(
  kind: FaultKind,
  description: string = kind.description,
  headers: Fault['headers'] = none,
): Fault {
  return { kind, description, headers };
}
