/** What a portal has to know of this installation, and lists that are empty here. */
import { listCategories } from '../../../adapters/stores/categories.ts';
import { defaultTenant } from '../../../core/tenant.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { pageOf } from '../../rest/page.ts';
import { residentKeyManager } from '../../services/applications/application-keys.ts';
import { foreignKeyManagers } from '../../services/key-managers/foreign-key-managers.ts';

/** Of the scopes that the portal's own operations ask for. */
const portalScopes = [
  'apim:subscribe',
  'apim:api_key',
  'apim:app_manage',
  'apim:sub_manage',
  'apim:store_settings',
  'apim:sub_alert_manage',
  'openid',
];

const settings: Operation = async (_call, { gatewayUrls, keyManager }) =>
  ok({
    grantTypes: [...keyManager.grantTypes],
    scopes: portalScopes,
    applicationSharingEnabled: false,
    mapExistingAuthApps: true,
    apiGatewayEndpoint: `${gatewayUrls.http},${gatewayUrls.https}`,
    monetizationEnabled: false,
    recommendationEnabled: false,
    IsUnlimitedTierPaid: false,
    identityProvider: { external: false },
    IsAnonymousModeEnabled: true,
    IsPasswordChangeEnabled: true,
    userStorePasswordPattern: '^.{5,128}$',
    passwordPolicyPattern: '',
    passwordPolicyMinLength: -1,
    passwordPolicyMaxLength: -1,
  } satisfies dto.Settings);

const categories: Operation = async (call, { store }) => {
  const rows = await listCategories(store.db, call.visitor?.tenant ?? defaultTenant);
  const list = rows.map(({ id, name, description }) => ({ id, name, description }));
  return ok({ count: list.length, list } satisfies dto.APICategoryList);
};

const keyManagers: Operation = async (call, { store, publicUrl, keyManager }) => {
  const resident: dto.KeyManagerInfo = {
    id: 'resident',
    name: residentKeyManager,
    type: 'default',
    displayName: residentKeyManager,
    description: 'Issues tokens here.',
    enabled: true,
    availableGrantTypes: [...keyManager.grantTypes],
    tokenEndpoint: `${publicUrl}/oauth2/token`,
    revokeEndpoint: `${publicUrl}/oauth2/revoke`,
    userInfoEndpoint: `${publicUrl}/oauth2/userinfo`,
    enableTokenGeneration: true,
    enableTokenEncryption: false,
    enableTokenHashing: false,
    enableOAuthAppCreation: true,
    enableMapOAuthConsumerApps: true,
    applicationConfiguration: [],
    additionalProperties: {},
  };
  const foreign = (await foreignKeyManagers(store.db, call.caller.tenant)).map(
    ({ id, name, type, description }): dto.KeyManagerInfo => ({
      id,
      name,
      type,
      displayName: name,
      description,
      enabled: true,
      availableGrantTypes: [],
      enableTokenGeneration: false,
      enableOAuthAppCreation: false,
      enableMapOAuthConsumerApps: true,
    }),
  );
  const list = [resident, ...foreign];
  return ok({ count: list.length, list } satisfies dto.KeyManagerList);
};

const tenants: Operation = async (call) => {
  const all = call.query('state') === 'inactive' ? [] : [{ domain: defaultTenant, status: 'active' }];
  return ok(pageOf(call, all));
};

/** Nothing of the kind is configured. */
const emptyList: Operation = async () => ok({ count: 0, list: [] });

export const settingsOperations: Operations = {
  'GET /settings': settings,
  'GET /settings/application-attributes': emptyList,
  'GET /api-categories': categories,
  'GET /key-managers': keyManagers,
  'GET /tenants': tenants,
  'GET /recommendations': emptyList,
  // A plain list of names in the original.
  'GET /sdk-gen/languages': async () => ok([]),
};
