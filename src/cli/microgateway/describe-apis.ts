/** What `postern run` prints about the APIs of an artifact: where they are, and a first call. */
import { type Api, type Resource, tokenSecurity } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';

/** APIs that are listed by name; there may be thousands. */
const listed = 10;

/** @param origin of the HTTPS listener */
export function describeApis(entities: readonly EntityChange[], origin: string): string[] {
  const apis = entities.flatMap(({ kind, value }) => (kind === 'api' && value ? [value] : []));
  const lines = apis.slice(0, listed).map((api) => `  ${api.name} ${api.version}   ${origin}${pathOf(api)}`);
  if (apis.length > listed) lines.push(`  and ${apis.length - listed} more`);
  const call = apis.map((api) => firstCall(api, origin)).find((line) => line !== null);
  return [`APIs (${apis.length}):`, ...lines, ...(call ? ['', 'A first call:', '', `  ${call}`] : []), ''];
}

function pathOf({ basePath, context, version }: Api): string {
  return basePath ?? `${context}/${version}`;
}

/** null if there is nothing to get without knowing more. */
function firstCall(api: Api, origin: string): string | null {
  const resource = api.resources.find(({ verb, path }) => verb === 'GET' && !path.includes('{'));
  if (!resource) return null;
  const credentials = credentialsOf(api, resource);
  return credentials === null
    ? null
    : `curl -k ${credentials}${origin}${pathOf(api)}${resource.path.replace(/\/?\*$/, '')}`;
}

/** Of variables that the reader sets; USER and the like are the shell's own. */
function credentialsOf(api: Api, resource: Resource): string | null {
  if (resource.authType === 'None') return '';
  const { schemes } = resource.security ?? api.security ?? tokenSecurity;
  if (schemes.includes('oauth2')) return `-H "${api.authorizationHeader ?? 'Authorization'}: Bearer $TOKEN" `;
  if (schemes.includes('basic_auth')) return '-u "$API_USER:$API_PASSWORD" ';
  return schemes.includes('api_key') ? '-H "apikey: $API_KEY" ' : null;
}
