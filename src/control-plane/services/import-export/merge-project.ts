/** What an API is to become when a project is imported: what the project says, and for the rest what is there. */
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { endpointCredentials } from '../endpoints/endpoint-credentials.ts';
import { openPassword, sealPassword } from '../endpoints/endpoint-password.ts';
import { readEndpointConfig } from '../endpoints/endpoint-problems.ts';
import { requireSameBackEnds } from '../endpoints/password-bound.ts';
import type { ApiProject } from './api-project.ts';
import { publisherFields } from './publisher-fields.ts';

export interface ImportOptions {
  /** Whether the API is to belong to the provider that the project names; otherwise to who imports it, or to whom it does. */
  readonly preserveProvider: boolean;
  /** Whether an API that is there may be changed. */
  readonly overwrite: boolean;
}

/**
 * @param isProviderKnown whether the provider that the project names is a user here
 * @param id of the new API, if there is none
 * @throws RestError 400 when a password is missing, or the provider is no user here
 */
export function mergeApi(
  deps: ControlPlaneDeps,
  caller: Caller,
  before: CatalogApi | null,
  { api }: ApiProject,
  { preserveProvider, isProviderKnown, id }: { preserveProvider: boolean; isProviderKnown: boolean; id: string },
): CatalogApi {
  const now = seconds(deps.clock);
  const provider = preserveProvider ? api.provider : (before?.provider ?? caller.fullName);
  if (preserveProvider && provider !== before?.provider && !isProviderKnown) {
    throw new RestError(
      400,
      `The provider ${provider} is no user here; expected one who is, or to import it without preserving the provider.`,
    );
  }
  const endpointConfig = readEndpointConfig(api.endpointConfig);
  // Newer exports of the original have the credentials beside the addresses.
  const inside = endpointCredentials(api.endpointConfig, endpointConfig);
  const security = api.endpointSecurity ?? (inside && { ...inside, password: inside.password || null });
  return {
    ...api,
    more: publisherFields(api, { seal: deps.seal, tenant: caller.tenant }),
    id: before?.id ?? id,
    provider,
    status: api.status ?? before?.status ?? 'CREATED',
    endpointConfig,
    endpointSecurity: securityOf(deps, before, { security, endpointConfig }, before?.id ?? id),
    ...(before?.servesDefault !== undefined && { servesDefault: before.servesDefault }),
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
}

/** False when the password for the back end is another one, and nothing else of the credentials says so. */
export function samePassword({ seal }: ControlPlaneDeps, before: CatalogApi | null, after: CatalogApi): boolean {
  if (!before?.endpointSecurity || !after.endpointSecurity) return true;
  return openPassword(seal)(before) === openPassword(seal)(after);
}

function securityOf(
  { seal }: ControlPlaneDeps,
  before: CatalogApi | null,
  wanted: { security: ApiProject['api']['endpointSecurity']; endpointConfig: CatalogApi['endpointConfig'] },
  id: string,
): CatalogApi['endpointSecurity'] {
  if (!wanted.security) return null;
  const { type, username, password } = wanted.security;
  if (password !== null) return { type, username, sealed: sealPassword(seal, id, password) };
  if (before?.endpointSecurity?.username === username) {
    requireSameBackEnds(before, wanted.endpointConfig, 'security.password in api_params.yaml');
    return { type, username, sealed: before.endpointSecurity.sealed };
  }
  throw new RestError(
    400,
    `The back end's password for ${username} is not in the project, and not known here; expected it as security.password in api_params.yaml.`,
  );
}
