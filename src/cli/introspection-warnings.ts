/**
 * What the operator should know about `[keymanager.security.oauth2]`. The original's templates enable a grant and leave
 * its values empty, so that is no error; but until they are filled in, no opaque token is accepted.
 */
import type { Config } from '../platform/config/schema.ts';
import type { keyManagerOptions } from './gateway-options.ts';

type KeyManager = Config<typeof keyManagerOptions>;
type Oauth2 = KeyManager['security']['oauth2'];

/** The part of a loaded configuration that is looked at, of a gateway or of a microgateway. */
interface LoadedKeyManager {
  readonly config: { readonly keyManager: KeyManager };
  where(name: string): string;
}

const section = 'keyManager.security.oauth2';
const grants = ['clientCredential', 'password', 'directToken', 'refresh'] as const;

/** @returns one line for each value that is missing, or for each grant that nobody asks for */
export function introspectionWarnings({ config, where }: LoadedKeyManager): string[] {
  const { oauth2 } = config.keyManager.security;
  const at = (key: string): string => where(`${section}.${key}`);
  if (!oauth2.enabled) {
    const unused = grants.filter((grant) => oauth2[grant].enabled);
    return unused.map((grant) => `${at(`${grant}.enabled`)} has no effect: ${section}.enabled is not true`);
  }
  return [
    ...missingToBegin(oauth2).map((key) => `${at(key)} is empty: until it is given, opaque tokens are not accepted`),
    ...missingToRenew(oauth2).map((key) => `${at(key)} is empty: the token for introspection can't be renewed`),
  ];
}

/** Of the grant that is used. Scopes may be empty, and so may the secret of a client that has none. */
function missingToBegin(oauth2: Oauth2): string[] {
  const { refresh, clientCredential, password, directToken, credentialBearer } = oauth2;
  const showsClient = credentialBearer !== 'NO_BEARER';
  if (!refresh.enabled && clientCredential.enabled) {
    return showsClient ? empty('clientCredential', clientCredential, ['clientId', 'clientSecret']) : [];
  }
  if (password.enabled) {
    return empty('password', password, [...(showsClient ? (['clientId'] as const) : []), 'username', 'password']);
  }
  return empty('directToken', directToken, ['accessToken']);
}

function missingToRenew({ refresh, password, credentialBearer }: Oauth2): string[] {
  if (!refresh.enabled) return [];
  const showsClient = credentialBearer !== 'NO_BEARER';
  // The password grant brings a refresh token of its own.
  return empty('refresh', refresh, [
    ...(showsClient ? (['clientId'] as const) : []),
    ...(password.enabled ? [] : (['refreshToken'] as const)),
  ]);
}

function empty<T extends string>(grant: string, values: Readonly<Record<T, string>>, keys: readonly T[]): string[] {
  return keys.filter((key) => values[key] === '').map((key) => `${grant}.${key}`);
}
