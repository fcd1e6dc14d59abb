/** How much one definition may say: control planes keep what is made of it, and every thread of a gateway holds it. */
import type { OpenApiOperation, OpenApiSecurityScheme } from './openapi-document.ts';

export const maxOperations = 5000;
/** That it defines or asks for. */
export const maxScopes = 1000;

/** All scopes that are defined or asked for, by `security` or `x-scope`. */
export function scopeNames(
  operations: readonly OpenApiOperation[],
  schemes: readonly OpenApiSecurityScheme[],
): ReadonlySet<string> {
  const names = new Set(schemes.flatMap(({ scopes }) => scopes.map(({ name }) => name)));
  // Many operations have the same list, that of the document.
  for (const security of new Set(operations.map((operation) => operation.security))) {
    for (const alternative of security ?? [])
      for (const list of Object.values(alternative)) for (const name of list) names.add(name);
  }
  for (const { raw } of operations) {
    const said = typeof raw['x-scope'] === 'string' ? raw['x-scope'].split(',') : [];
    for (const name of said) if (name.trim() !== '') names.add(name.trim());
  }
  return names;
}

/** What is wrong, with the limit and the count. */
export function tooMany(count: number | string, what: string, limit: number): string {
  return `it has ${count} ${what}; expected at most ${limit}`;
}
