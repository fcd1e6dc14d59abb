/** POST /client-registration/v0.x/register: a user registers an OAuth client, in the form of WSO2 API Manager. */
import { registerClient as createClient, grantTypes, revealSecret } from '../../adapters/key-managers/built-in.ts';
import { callbackUrlForm, isCallbackUrl } from '../../adapters/key-managers/callback-url.ts';
import { type ClientRow, findClient, findRegisteredClient } from '../../adapters/stores/clients.ts';
import { shortUserName } from '../../adapters/user-stores/user-name.ts';
import type { User } from '../../adapters/user-stores/user-store.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../core/hidden-characters.ts';
import { defaultTenant } from '../../core/tenant.ts';
import { type Call, type KeyManager, type Step, seconds } from '../call.ts';
import { authenticateUser } from '../checks/authenticate-user.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { authorizationCode } from '../grants/authorization-code.ts';
import { clientCredentials } from '../grants/client-credentials.ts';
import { password } from '../grants/password.ts';
import { refreshToken } from '../grants/refresh-token.ts';
import { OAuthError } from '../oauth-error.ts';

interface Registration {
  readonly clientName: string;
  readonly owner: string;
  readonly callbackUrl: string;
  readonly grantTypes: readonly string[];
  readonly saasApp: boolean;
}

const register: Step = async (call, km) => {
  const asked = await readRegistration(call, km);
  const client = await findOrCreate(km, asked);
  call.reply.send({
    clientId: client.row.consumer_key,
    clientName: client.row.name,
    callBackURL: client.row.callback_url,
    clientSecret: client.secret,
    isSaasApplication: client.row.saas_app === 1,
    appOwner: client.row.owner,
    jsonString: JSON.stringify({
      client_name: client.row.name,
      redirect_uris: client.row.callback_url,
      grant_types: client.row.grant_types,
    }),
  });
};

export const registerClient: readonly Step[] = [rejectRepeatedAuthorization, authenticateUser, register];

/** The same name of the same owner is the same client. Its secret is null if only the hash of it is kept. */
async function findOrCreate(km: KeyManager, asked: Registration): Promise<{ row: ClientRow; secret: string | null }> {
  const identity = { tenant: defaultTenant, owner: asked.owner, name: asked.clientName };
  return km.store.transaction(async (tx) => {
    const present = await findRegisteredClient(tx.db, identity);
    if (present) return { row: present, secret: revealSecret(km.seal, present) };
    const key = await createClient(tx, km.seal, {
      ...identity,
      applicationId: null,
      grantTypes: asked.grantTypes,
      callbackUrl: asked.callbackUrl,
      saasApp: asked.saasApp,
      hashClientSecrets: km.options.hashClientSecrets,
      now: seconds(km.clock),
    });
    return { row: (await findClient(tx.db, key.consumerKey)) as ClientRow, secret: key.consumerSecret };
  });
}

async function readRegistration(call: Call, km: KeyManager): Promise<Registration> {
  const body = readJson(call.request.body);
  refuseUnknown(body);
  const clientName = text(body, 'clientName') ?? wrong('clientName', 'a name');
  if (clientName.length > 100 || hasHiddenCharacters(clientName)) {
    wrong('clientName', `1 to 100 characters, no ${hiddenCharacters}`);
  }
  const owner = await readOwner(km, text(body, 'owner'), call.user as User);
  const url = callbackUrl(text(body, 'callbackUrl') ?? '');
  const asked = text(body, 'grantType')?.split(/[ ,]+/).filter(Boolean) ?? usualGrants(url);
  const known: readonly string[] = [...new Set([...grantTypes, ...km.grants.keys()])];
  if (!asked.every((name) => known.includes(name))) {
    wrong('grantType', `names out of ${known.join(', ')}, separated by spaces`);
  }
  const saasApp = body.saasApp ?? false;
  if (typeof saasApp !== 'boolean') wrong('saasApp', 'true or false');
  return {
    clientName,
    owner,
    callbackUrl: url,
    grantTypes: [...new Set(asked)],
    saasApp,
  };
}

/** The others have to be named: whoever uses none of them should not have them. */
const usual = [authorizationCode, clientCredentials, password, refreshToken];

/** Those of which it has what they need. */
const usualGrants = (callbackUrl: string): string[] =>
  usual.filter((grant) => grant !== authorizationCode || callbackUrl !== '').map(({ grantType }) => grantType);

/** `tokenScope` is one of older clients, which means nothing any more. */
const fields = ['clientName', 'owner', 'callbackUrl', 'grantType', 'saasApp', 'tokenScope'];

/** So that a misspelt field is not lost without a word. What is null says nothing. */
function refuseUnknown(body: Record<string, unknown>): void {
  const unknown = Object.keys(body).find((name) => body[name] !== null && !fields.includes(name));
  if (unknown === undefined) return;
  const shown = JSON.stringify(unknown.slice(0, 100));
  throw new OAuthError('invalid_client_metadata', `unknown field ${shown}; expected some of ${fields.join(', ')}`);
}

/** The user who asks; for an administrator, any user. */
async function readOwner(km: KeyManager, name: string | null, user: User): Promise<string> {
  if (name === null || shortUserName(name) === user.name) return user.fullName;
  if (!user.roles.includes('admin')) {
    throw new OAuthError('access_denied', 'owner: only an administrator registers clients for others', 403);
  }
  return (await km.users.find(name))?.fullName ?? wrong('owner', `a user of ${defaultTenant}`);
}

function callbackUrl(url: string): string {
  if (!isCallbackUrl(url)) throw new OAuthError('invalid_redirect_uri', `callbackUrl: expected ${callbackUrlForm}`);
  return url;
}

function readJson(body: unknown): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse((body as Buffer | undefined)?.toString('utf8') ?? '');
  } catch {
    throw new OAuthError('invalid_client_metadata', 'the body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OAuthError('invalid_client_metadata', 'the body: expected a JSON object');
  }
  return value as Record<string, unknown>;
}

/** Null when it is missing or empty. */
function text(body: Record<string, unknown>, field: string): string | null {
  const value = body[field];
  if (value === undefined || value === null || value === '') return null;
  return typeof value === 'string' ? value : wrong(field, 'a string');
}

function wrong(field: string, expected: string): never {
  throw new OAuthError('invalid_client_metadata', `${field}: expected ${expected}`);
}
