/** The entities that an artifact may have, with everything of them that a gateway rests on. */
import { verbs } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { flag, listOf, object, objectOf, oneOf, orNull, type Shape, text, textLike, whole } from './shape.ts';

const security = objectOf(
  { schemes: listOf(oneOf(['oauth2', 'basic_auth', 'api_key'])) },
  {
    apiKeys: listOf(objectOf({ in: oneOf(['header', 'query']), name: text })),
    mutualTls: oneOf(['mandatory', 'optional']),
    schemesOptional: oneOf([true]),
  },
);

const address = textLike(/^https?:\/\/[^/]/i);
const endpoint = objectOf(
  { url: address },
  {
    name: text,
    others: listOf(address),
    type: oneOf(['load_balance', 'failover']),
    basic: objectOf({ username: text, password: text }),
    timeout: whole(1),
    trust: listOf(text),
  },
);
const endpoints = objectOf({}, { production: endpoint, sandbox: endpoint });

const path = textLike(/^\//);
const resource = objectOf(
  {
    path,
    verb: oneOf(verbs),
    authType: oneOf(['Any', 'Application', 'Application User', 'None']),
    scopes: listOf(text),
    tier: text,
  },
  { security, endpoints },
);

const api = objectOf(
  {
    id: text,
    name: text,
    version: text,
    provider: text,
    context: textLike(/^(\/|$)/),
    isDefaultVersion: flag,
    status: oneOf(['CREATED', 'PROTOTYPED', 'PUBLISHED', 'BLOCKED', 'DEPRECATED', 'RETIRED']),
    resources: listOf(resource),
    endpoints,
    cors: orNull(
      objectOf({
        allowOrigins: listOf(text),
        allowHeaders: listOf(text),
        allowMethods: listOf(text),
        allowCredentials: flag,
      }),
    ),
    scopes: listOf(objectOf({ name: text, roles: listOf(text) })),
  },
  {
    basePath: textLike(/^(\/|$)/),
    managed: oneOf([true]),
    security,
    clientCertificates: listOf(objectOf({ fingerprint: text, tier: text }, { authority: text })),
    authorizationHeader: text,
    transports: listOf(oneOf(['http', 'https'])),
    tier: text,
    maxTps: objectOf({}, { production: whole(1), sandbox: whole(1) }),
  },
);

const limit = objectOf({ count: whole(0), windowMs: whole(1) });
const condition: Shape = (value) =>
  objectOf({ type: oneOf(['ip', 'header', 'query', 'claim']) }, { invert: flag })(value) ??
  ((value as { type: string }).type === 'ip'
    ? objectOf({ first: text, last: text })
    : objectOf({ name: text, pattern: text }))(value);

const policy = objectOf(
  {
    level: oneOf(['resource', 'subscription', 'application']),
    name: text,
    limit: orNull(limit),
    stopOnQuota: flag,
  },
  { burst: limit, groups: listOf(objectOf({ conditions: listOf(condition), limit })) },
);

const issuer = objectOf(
  {
    issuer: text,
    keys: listOf(objectOf({ kid: text, kty: text })),
    audience: orNull(text),
  },
  {
    foreign: oneOf([true]),
    jwksUrl: address,
    certificates: listOf(text),
    consumerKeyClaim: text,
    claims: listOf(objectOf({ remote: text, local: text })),
    subscriptions: oneOf(['data', 'claim', 'none', 'managed']),
    apiKeys: oneOf([true]),
  },
);

const shapes: Readonly<Record<string, Shape>> = { api, policy, issuer };
const entity = objectOf({ kind: text, id: text, value: object });

/** What is wrong with an entity of an artifact, as the end of a sentence; null = nothing. */
export function wrongWith(given: unknown): string | null {
  if (entity(given) !== null) return 'one of its lines is no entity with a kind, an id and a value';
  const { kind, id, value } = given as EntityChange;
  if (!Object.hasOwn(shapes, kind)) {
    return `it has an entity of the kind '${kind}'; in an artifact are: ${Object.keys(shapes).join(', ')}`;
  }
  const wrong = (shapes[kind] as Shape)(value);
  if (wrong !== null) return `the ${kind} '${id}' is not as a gateway needs it${wrong && ` at ${wrong}`}`;
  const own = idOf(given as EntityChange);
  return own === null || own === id ? null : `the ${kind} '${own}' has another id, '${id}'`;
}

/** Null where anything will do. */
function idOf({ kind, value }: EntityChange): string | null {
  if (kind === 'policy' && value) return `${value.level}|${value.name}`;
  return kind === 'api' && value ? value.id : null;
}
