/** An application with its subscriptions and keys, apart from any control plane; and the file that it is exported to. */
import type { ClientValidity } from '../../../adapters/stores/clients.ts';
import type { KeyType, SubscriptionState, TokenType } from '../../../core/application.ts';
import { unlimited } from '../../../core/policy.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Files } from '../../../platform/zip.ts';
import { applicationNameForm, isApplicationName } from '../applications/application-name.ts';
import { looksEncoded } from './exported-secret.ts';
import { knownOnly } from './known-only.ts';
import { ourValidityNames, readApplicationKeys } from './read-application-keys.ts';
import { type DocumentReader, type Fields, ProjectReader } from './reader.ts';
import { shortName } from './write-api-yaml.ts';

export interface ApplicationKeyFile {
  readonly keyType: KeyType;
  readonly consumerKey: string;
  /** null = only its hash is known, or it is none of ours. */
  readonly consumerSecret: string | null;
  /** base64url SHA-256, where the secret itself is not known. */
  readonly secretHash: string | null;
  readonly grantTypes: readonly string[];
  readonly callbackUrl: string;
  /** Seconds that its tokens are valid; null = as the options say. */
  readonly validity: ClientValidity;
  /** Key manager elsewhere that issued it, with the `iss` of its tokens (null = as it is registered here); null = ours. */
  readonly keyManager: { readonly name: string; readonly issuer: string | null } | null;
}

export interface SubscriptionFile {
  readonly apiName: string;
  readonly apiVersion: string;
  readonly apiProvider: string;
  readonly tier: string;
  readonly state: SubscriptionState;
}

export interface ApplicationFile {
  readonly name: string;
  /** `name@tenant`. */
  readonly owner: string;
  readonly tier: string;
  readonly description: string;
  readonly tokenType: TokenType;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly subscriptions: readonly SubscriptionFile[];
  /** null = the file says nothing of them. */
  readonly keys: readonly ApplicationKeyFile[] | null;
}

/** The value of the file. */
export function writeApplication(application: ApplicationFile): Fields {
  const { name, owner, tier, description, tokenType, groups, attributes, subscriptions, keys } = application;
  return {
    name,
    subscriber: { name: shortName(owner) },
    owner: shortName(owner),
    tier,
    description,
    status: 'APPROVED',
    tokenType: tokenType === 'JWT' ? 'JWT' : 'OAUTH',
    groupId: groups.join(','),
    applicationAttributes: attributes,
    subscribedAPIs: subscriptions.map((one) => ({
      apiIdentifier: { providerName: shortName(one.apiProvider), apiName: one.apiName, version: one.apiVersion },
      tier: { name: one.tier },
      subStatus: one.state,
    })),
    ...(keys && {
      keys: keys.map(({ keyType, keyManager, ...key }) => ({
        type: keyType,
        consumerKey: key.consumerKey,
        ...(key.consumerSecret !== null && { consumerSecret: key.consumerSecret }),
        ...(looksEncoded(key.consumerSecret ?? '') && { consumerSecretEncoding: 'none' }),
        ...(key.secretHash !== null && { consumerSecretHash: key.secretHash }),
        ...(keyManager && { keyManager: keyManager.name, issuer: keyManager.issuer }),
        grantTypes: key.grantTypes.join(' '),
        callbackUrl: key.callbackUrl,
        ...Object.fromEntries(
          Object.entries(key.validity).flatMap(([column, seconds]) =>
            seconds === null ? [] : [[ourValidityNames[column as keyof ClientValidity], seconds]],
          ),
        ),
      })),
    }),
  };
}

/**
 * @param options whether its keys are left alone, whatever they are
 * @throws RestError 400 with everything that is wrong
 */
export function readApplication(files: Files, { skipKeys = false } = {}): ApplicationFile {
  const reader = ProjectReader.of(files);
  if (reader.below('Meta-information/').length > 0) {
    throw new RestError(400, "This is an API's project (it has Meta-information/); expected an application's.");
  }
  const names = reader
    .below('')
    .filter((path) => /^[^/]+\.(json|ya?ml)$/.test(path) && !/^application_params\./.test(path));
  const [path] = names;
  if (path === undefined || names.length > 1) {
    throw new RestError(400, `Expected one file with an application (NAME.json), not ${names.length}.`);
  }
  const doc = reader.document(path.replace(/\.(json|ya?ml)$/, ''));
  const fields = doc ? doc.object(doc.value, '') : {};
  if (fields.data !== undefined || fields.applicationInfo !== undefined) {
    throw new RestError(400, `${path} is an export of WSO2 API Manager 4; expected one of 3.x, or of Postern.`);
  }
  const application = doc && readFields(doc, fields, skipKeys);
  reader.finish();
  return application as ApplicationFile;
}

function readFields(doc: DocumentReader, fields: Fields, skipKeys: boolean): ApplicationFile {
  knownOnly(doc, fields, '', known, ignored);
  const text = (key: string, fallback?: string): string => doc.string(fields[key], `/${key}`, fallback);
  const subscriber = fields.subscriber ? doc.object(fields.subscriber, '/subscriber') : {};
  const owner = text('owner') || doc.string(subscriber.name, '/subscriber/name');
  const name = text('name');
  if (name === '') doc.problem('', 'the name of the application is missing');
  else if (!isApplicationName(name)) doc.problem('/name', `/name: ${applicationNameForm}`);
  const attributes = fields.applicationAttributes
    ? doc.object(fields.applicationAttributes, '/applicationAttributes')
    : {};
  return {
    name,
    owner: owner === '' ? '' : fullUserName(owner),
    tier: nameOf(doc, fields.tier, '/tier', unlimited),
    description: text('description'),
    tokenType: /^(oauth|opaque)$/i.test(text('tokenType', 'JWT')) ? 'OPAQUE' : 'JWT',
    groups: doc.texts(fields.groupId ?? '', '/groupId'),
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [key, doc.string(value, `/applicationAttributes/${key}`)]),
    ),
    subscriptions: doc.list(fields.subscribedAPIs, '/subscribedAPIs').map((one, at) => readSubscription(doc, one, at)),
    keys: skipKeys ? null : readApplicationKeys(doc, fields),
  };
}

function readSubscription(doc: DocumentReader, one: unknown, at: number): SubscriptionFile {
  const place = `/subscribedAPIs/${at}`;
  const fields = doc.object(one, place);
  const key = ['apiIdentifier', 'identifier', 'apiId'].find((name) => fields[name] !== undefined) ?? 'apiIdentifier';
  const id = doc.object(fields[key], `${place}/${key}`);
  const text = (name: string): string => doc.string(id[name], `${place}/${key}/${name}`);
  const states = ['UNBLOCKED', 'BLOCKED', 'PROD_ONLY_BLOCKED', 'ON_HOLD', 'REJECTED'] as const;
  return {
    apiName: text('apiName'),
    apiVersion: text('version'),
    apiProvider: fullUserName(text('providerName').replace('-AT-', '@') || 'admin'),
    tier: nameOf(doc, fields.tier, `${place}/tier`, unlimited),
    state: doc.choice(fields.subStatus, `${place}/subStatus`, states, 'UNBLOCKED'),
  };
}

/** A name, or an object that has one. */
function nameOf(doc: DocumentReader, value: unknown, place: string, fallback: string): string {
  if (typeof value !== 'object' || value === null) return doc.string(value, place, fallback);
  return doc.string((value as Fields).name, `${place}/name`, fallback);
}

const known = [
  ...['name', 'subscriber', 'owner', 'tier', 'description', 'tokenType', 'groupId', 'applicationAttributes'],
  ...['subscribedAPIs', 'keys', 'oauthApps', 'keyManagerWiseOAuthApp'],
];

/** Of an `Application` of the original: what is this system's own, or of the whole application where we have it by key. */
const ignored: ReadonlySet<string> = new Set([
  ...['id', 'uuid', 'status', 'callbackUrl', 'isBlackListed', 'lastUpdatedTime', 'createdTime'],
  ...['applicationWorkFlowStatus', 'consumerKeyAttributes', 'subscriptionCount', 'accessToken', 'secret', 'keyType'],
  ...['organization', 'sharedOrganization', 'subOrganization', 'tenantId'],
]);
