/**
 * Reads the keys in an application's file: the list that we write ourselves, and those of WSO2 API Manager, which has
 * them by their type (3.0, 3.1), or by type and key manager (3.2).
 */
import type { ClientValidity } from '../../../adapters/stores/clients.ts';
import type { KeyType } from '../../../core/application.ts';
import { pointer } from '../../../platform/yaml-source.ts';
import { keyTypes, residentKeyManager } from '../applications/application-keys.ts';
import { validityNames } from '../applications/key-validity.ts';
import type { ApplicationKeyFile } from './application-file.ts';
import { decodeSecret, looksEncoded } from './exported-secret.ts';
import { knownOnly } from './known-only.ts';
import type { DocumentReader, Fields } from './reader.ts';

/** Null when the file says nothing of keys. */
export function readApplicationKeys(doc: DocumentReader, application: Fields): ApplicationKeyFile[] | null {
  const { keys, oauthApps, keyManagerWiseOAuthApp } = application;
  if ([keys, oauthApps, keyManagerWiseOAuthApp].every((value) => value === undefined || value === null)) return null;
  const all = [
    ...doc.list(keys, '/keys').map((one, at) => readKey(doc, doc.object(one, `/keys/${at}`), `/keys/${at}`)),
    ...byName(doc, oauthApps, '/oauthApps').map(([keyType, app, place]) => readOAuthApp(doc, app, place, keyType, '')),
    ...byName(doc, keyManagerWiseOAuthApp, '/keyManagerWiseOAuthApp').flatMap(([keyType, apps, of]) =>
      byName(doc, apps, of).map(([keyManager, app, place]) => readOAuthApp(doc, app, place, keyType, keyManager)),
    ),
  ];
  for (const [at, { keyType, keyManager }] of all.entries()) {
    const first = all.findIndex((one) => one.keyType === keyType && one.keyManager?.name === keyManager?.name);
    const whose = keyManager?.name ?? residentKeyManager;
    if (first < at) doc.problem('', `there are two ${keyType} keys of ${whose}; expected one of each type`);
  }
  return all;
}

/** The entries of an object, each with its place. */
function byName(doc: DocumentReader, value: unknown, place: string): [name: string, value: Fields, place: string][] {
  if (value === undefined || value === null) return [];
  return Object.entries(doc.object(value, place)).flatMap(([name, one]) => {
    const at = place + pointer(name);
    return one === null ? [] : [[name, doc.object(one, at), at] as [string, Fields, string]];
  });
}

function readKey(doc: DocumentReader, fields: Fields, place: string): ApplicationKeyFile {
  knownOnly(doc, fields, place, knownOfKey, ignoredOfKey);
  const text = (name: string): string => doc.string(fields[name], `${place}/${name}`);
  const [ours, theirs] = [text('type'), text('keyType')];
  if (ours !== '' && theirs !== '' && ours !== theirs) doc.problem(place, `${place}: type and keyType differ`);
  const name = ours === '' && theirs !== '' ? 'keyType' : 'type';
  const keyManager = keyManagerOf(text('keyManager'), text('issuer'));
  const secret = readSecret(doc, fields, place);
  const secretHash = text('consumerSecretHash') || null;
  if (keyManager === null && secret === null && secretHash === null)
    doc.problem(place, `${place}: the consumerSecret is missing`);
  return {
    keyType: readKeyType(doc, text(name), `${place}/${name}`),
    consumerKey: readConsumerKey(doc, text('consumerKey'), `${place}/consumerKey`, keyManager === null),
    consumerSecret: secret,
    secretHash: secret === null ? secretHash : null,
    grantTypes: grantTypesOf(doc, fields, place, ['grantTypes', 'supportedGrantTypes']),
    callbackUrl: text('callbackUrl'),
    validity: readValidity(doc, [
      [fields, place, ourValidityNames],
      [doc.object(fields.additionalProperties ?? {}, `${place}/additionalProperties`), `${place}/additionalProperties`],
    ]),
    keyManager,
  };
}

/** An OAuth application as the original exports it, with the secret in Base64. */
function readOAuthApp(
  doc: DocumentReader,
  fields: Fields,
  place: string,
  keyType: string,
  keyManagerName: string,
): ApplicationKeyFile {
  knownOnly(doc, fields, place, knownOfOAuthApp, ignoredOfOAuthApp);
  const text = (name: string): string => doc.string(fields[name], `${place}/${name}`);
  const parameters = doc.object(fields.parameters ?? {}, `${place}/parameters`);
  const parameter = (name: string): string => doc.string(parameters[name], `${place}/parameters/${name}`);
  const keyManager = keyManagerOf(keyManagerName, '');
  const encoded = text('clientSecret');
  const secret = encoded === '' ? null : decodeSecret(encoded);
  if (encoded !== '' && secret === null)
    doc.problem(`${place}/clientSecret`, `${place}/clientSecret: expected it in Base64, as exports have it`);
  if (keyManager === null && encoded === '') doc.problem(place, `${place}: the clientSecret is missing`);
  const properties = additionalProperties(doc, parameters.additionalProperties, `${place}/parameters`);
  return {
    keyType: readKeyType(doc, keyType, place),
    consumerKey: readConsumerKey(doc, text('clientId'), `${place}/clientId`, keyManager === null),
    consumerSecret: secret,
    secretHash: null,
    grantTypes: grantTypesOf(doc, parameters, `${place}/parameters`, ['grant_types']),
    callbackUrl: parameter('redirect_uris') || text('callBackURL'),
    validity: readValidity(doc, [[properties, `${place}/parameters/additionalProperties`]]),
    keyManager,
  };
}

/** Null = ours. Without an issuer it is the one of that name here. */
function keyManagerOf(name: string, issuer: string): ApplicationKeyFile['keyManager'] {
  if (issuer === '' && /^(resident key manager|default|)$/i.test(name)) return null;
  return { name, issuer: issuer === '' ? null : issuer };
}

function readKeyType(doc: DocumentReader, value: string, place: string): KeyType {
  const found = keyTypes.find((one) => one === value.toUpperCase());
  if (found === undefined) doc.problem(place, `${place}: expected PRODUCTION or SANDBOX, not ${JSON.stringify(value)}`);
  return found ?? 'PRODUCTION';
}

/** @param isOurs otherwise it has the form that its key manager gives it */
function readConsumerKey(doc: DocumentReader, value: string, place: string, isOurs: boolean): string {
  if (isOurs && !/^[A-Za-z0-9_.~-]{1,200}$/.test(value))
    doc.problem(place, `${place}: expected up to 200 letters, digits, and ._~-`);
  if (!isOurs && !/^\P{Cc}{1,200}$/u.test(value))
    doc.problem(place, `${place}: expected up to 200 characters, none of them a control character`);
  return value;
}

/** As the entry says it is encoded; one that says nothing and may be either is refused. */
function readSecret(doc: DocumentReader, fields: Fields, place: string): string | null {
  const at = `${place}/consumerSecret`;
  const secret = doc.string(fields.consumerSecret, at);
  if (secret === '') return null;
  const encodings = ['none', 'base64', ''] as const;
  const encoding = doc.choice(fields.consumerSecretEncoding, `${at}Encoding`, encodings, '');
  const decoded = encoding === 'base64' ? decodeSecret(secret) : secret;
  if (decoded === null) doc.problem(at, `${at}: expected it in Base64, as consumerSecretEncoding says`);
  if (encoding === '' && looksEncoded(secret)) {
    doc.problem(
      at,
      `${at}: it looks like Base64, which exports of WSO2 API Manager have; expected the secret itself, or beside it "consumerSecretEncoding": "base64" (or "none", if it is no Base64)`,
    );
  }
  return decoded;
}

/** A list, or a text with blanks or commas in between. */
function grantTypesOf(doc: DocumentReader, fields: Fields, place: string, names: readonly string[]): string[] {
  const name = names.find((one) => fields[one] !== undefined && fields[one] !== null);
  const value = name === undefined ? '' : fields[name];
  const texts = doc.texts(typeof value === 'string' ? value.replaceAll(/\s+/g, ',') : value, `${place}/${name}`);
  return [...new Set(texts)];
}

/** Of the original they are JSON in a text, or an object. */
function additionalProperties(doc: DocumentReader, value: unknown, place: string): Fields {
  if (value === undefined || value === null || value === '') return {};
  const at = `${place}/additionalProperties`;
  if (typeof value !== 'string') return doc.object(value, at);
  try {
    return doc.object(JSON.parse(value), at);
  } catch {
    doc.problem(at, `${at}: expected an object in JSON`);
    return {};
  }
}

type ValidityNames = Readonly<Record<keyof ClientValidity, string>>;

/** As we write them into the list. */
export const ourValidityNames: ValidityNames = {
  application_validity: 'applicationAccessTokenExpiryTime',
  user_validity: 'userAccessTokenExpiryTime',
  refresh_validity: 'refreshTokenExpiryTime',
};

/** The first that is said of each; the original has texts, and `N/A` where the default counts. */
function readValidity(
  doc: DocumentReader,
  sources: readonly (readonly [fields: Fields, place: string, names?: ValidityNames])[],
): ClientValidity {
  const seconds = (column: keyof ClientValidity): number | null => {
    for (const [fields, place, names = validityNames] of sources) {
      const value = fields[names[column]];
      if (value === undefined || value === null || value === '' || value === 'N/A') continue;
      const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
      if (Number.isSafeInteger(number) && (number as number) > 0) return number as number;
      const at = `${place}/${names[column]}`;
      doc.problem(at, `${at}: expected a number of seconds`);
    }
    return null;
  };
  return {
    application_validity: seconds('application_validity'),
    user_validity: seconds('user_validity'),
    refresh_validity: seconds('refresh_validity'),
  };
}

const knownOfKey = [
  ...['type', 'keyType', 'consumerKey', 'consumerSecret', 'consumerSecretEncoding', 'consumerSecretHash'],
  ...['grantTypes', 'supportedGrantTypes', 'callbackUrl', 'keyManager', 'issuer', 'additionalProperties'],
  ...Object.values(ourValidityNames),
];
/** Tokens are fetched anew, and ids, states and dates are this system's own. */
const ignoredOfKey: ReadonlySet<string> = new Set([
  ...['mappingId', 'keyMappingId', 'accessToken', 'token', 'tokenScope', 'validityPeriod', 'createdDate', 'authUser'],
  ...['authorizedDomains', 'state', 'keyState', 'appMetaData', 'createMode', 'mode', 'groupId', 'lastUpdatedDate'],
]);

const knownOfOAuthApp = ['clientId', 'clientSecret', 'callBackURL', 'parameters'];
const ignoredOfOAuthApp: ReadonlySet<string> = new Set([
  ...['clientName', 'isSaasApplication', 'appOwner', 'jsonString', 'appAttributes', 'jsonAppAttribute'],
  ...['applicationUUID', 'tokenType', 'keyType'],
]);
