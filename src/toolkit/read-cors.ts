/** `x-wso2-cors`: which other origins' pages may call the API. */
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import type { Cors } from '../core/api.ts';
import { pointer } from '../platform/yaml-source.ts';
import { Fields, type Raw } from './fields.ts';

/** Each setting in both of its spellings. */
const keys = {
  origins: ['accessControlAllowOrigins', 'access-control-allow-origins'],
  headers: ['accessControlAllowHeaders', 'access-control-allow-headers'],
  methods: ['accessControlAllowMethods', 'access-control-allow-methods'],
  credentials: ['accessControlAllowCredentials', 'access-control-allow-credentials'],
  enabled: ['corsConfigurationEnabled', 'cors-configuration-enabled'],
} as const;

/** Null = the API answers no cross-origin requests. */
export function readCors(api: Raw, problems: ProblemList): Cors | null {
  const value = api['x-wso2-cors'];
  if (value === undefined) return null;
  const fields = Fields.of(value, pointer('x-wso2-cors'), "'x-wso2-cors'", problems);
  if (!fields) return null;
  const list = (names: readonly string[]): readonly string[] => {
    const given = names.map((name) => fields.strings(name)).filter((found) => found !== undefined);
    return (given[0] ?? []).map((item) => item.trim());
  };
  const flag = (names: readonly string[]): boolean | undefined =>
    names.map((name) => fields.boolean(name)).find((found) => found !== undefined);
  const cors = {
    allowOrigins: list(keys.origins),
    allowHeaders: list(keys.headers),
    allowMethods: list(keys.methods).map((method) => method.toUpperCase()),
    allowCredentials: flag(keys.credentials) ?? false,
  };
  const isEnabled = flag(keys.enabled) ?? true;
  fields.rest('warning');
  if (!isEnabled) return null;
  if (cors.allowOrigins.length === 0) {
    problems.warn(
      fields.place,
      'no origin is allowed, so this has no effect',
      `add '${keys.origins[0]}', ["*"] for all`,
    );
  }
  if (cors.allowCredentials && cors.allowOrigins.includes('*')) {
    const message = "credentials are not allowed for every origin ('*'), only without them";
    problems.warn(fields.place, message, 'name the origins, or leave out credentials');
  }
  for (const origin of cors.allowOrigins) {
    if (origin === '*' || URL.parse(origin)?.origin === origin) continue;
    problems.warn(fields.place, `'${origin}' is no origin that a browser sends`, 'write it as https://host');
  }
  return cors;
}
