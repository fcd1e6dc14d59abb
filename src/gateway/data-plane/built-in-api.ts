/** The gateway's own resources: the token endpoints, passed on to the key manager. */
import type { Api, Resource, Verb } from '../../core/api.ts';
import { unlimited } from '../../core/policy.ts';
import type { GatewayOptions } from '../options.ts';
import type { LoadedApi } from '../routes.ts';

const resource = (path: string, verb: Verb): Resource => ({
  path,
  verb,
  authType: 'None',
  scopes: [],
  tier: unlimited,
});

/**
 * `/token`, `/revoke`, `/authorize` and `/userinfo` at the gateway's root, as an API like any other.
 * @param transports that they answer over; absent = both
 */
export function builtInApi(keyManager: GatewayOptions['keyManager'], transports?: Api['transports']): LoadedApi {
  const api: Api = {
    id: 'postern:key-manager',
    name: 'key-manager',
    version: '',
    provider: '',
    context: '',
    isDefaultVersion: false,
    status: 'PUBLISHED',
    resources: [
      resource('/token', 'POST'),
      resource('/revoke', 'POST'),
      resource('/authorize', 'GET'),
      resource('/authorize', 'POST'),
      resource('/userinfo', 'GET'),
      resource('/userinfo', 'POST'),
    ],
    endpoints: { production: { url: `${keyManager.serverUrl}/${keyManager.tokenContext}` } },
    ...(transports && { transports }),
    cors: null,
    scopes: [],
  };
  return { api, ordinal: 0, builtIn: true };
}
