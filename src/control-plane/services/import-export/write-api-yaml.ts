/** The api.yaml of a project: an API as the original's exports write it. */
import { defaultTenant } from '../../../core/tenant.ts';
import type { ProjectApi } from './api-project.ts';
import { writeMore } from './more-fields.ts';

/**
 * @param preserveStatus whether the state in the life cycle is said; without it, the project fits every state
 * @param hasDefinition whether the definition has its operations
 */
export function writeApiYaml(
  api: ProjectApi,
  { preserveStatus, hasDefinition }: { preserveStatus: boolean; hasDefinition: boolean },
): Record<string, unknown> {
  const { endpointSecurity: security } = api;
  return {
    id: { providerName: shortName(api.provider), apiName: api.name, version: api.version },
    description: api.description,
    type: api.type,
    context: `${api.context}/${api.version}`,
    contextTemplate: `${api.context}/{version}`,
    tags: api.tags,
    availableTiers: api.policies.map((name) => ({ name })),
    ...(api.apiThrottlingPolicy !== null && { apiLevelPolicy: api.apiThrottlingPolicy }),
    ...(preserveStatus && api.status !== null && { status: api.status }),
    isDefaultVersion: api.isDefaultVersion,
    visibility: api.visibility.toLowerCase(),
    ...(api.visibleRoles.length > 0 && { visibleRoles: api.visibleRoles.join(',') }),
    accessControl: api.accessControl === 'NONE' ? 'all' : 'restricted',
    ...(api.accessControlRoles.length > 0 && { accessControlRoles: api.accessControlRoles.join(',') }),
    transports: api.transports.join(','),
    apiSecurity: api.securityScheme.join(','),
    ...(api.authorizationHeader !== null && { authorizationHeader: api.authorizationHeader }),
    ...(api.cors && { corsConfiguration: api.cors }),
    ...(api.endpointConfig && { endpointConfig: JSON.stringify(api.endpointConfig) }),
    endpointSecured: security !== null,
    ...(security && {
      endpointAuthDigest: security.type === 'DIGEST',
      endpointUTUsername: security.username,
      // What is in a repository is no secret: the password comes from api_params.yaml or from what is there.
      endpointUTPassword: '',
    }),
    scopes: api.scopes.map(({ name, displayName, description, roles, shared }) => ({
      key: name,
      name: displayName,
      description,
      roles: roles.join(','),
      ...(shared && { shared }),
    })),
    // An API with a definition has its operations there.
    ...(!hasDefinition && {
      uriTemplates: api.operations.map(({ target, verb, authType, throttlingPolicy, scopes }) => ({
        uriTemplate: target,
        httpVerb: verb,
        authType,
        throttlingTier: throttlingPolicy,
        scopes,
      })),
    }),
    ...(api.categories.length > 0 && { apiCategories: api.categories.map((name) => ({ name })) }),
    ...writeMore(api.more),
  };
}

/** `admin@carbon.super` -> `admin`, as the original writes users of its first tenant. */
export function shortName(user: string): string {
  const suffix = `@${defaultTenant}`;
  return user.endsWith(suffix) ? user.slice(0, -suffix.length) : user;
}
