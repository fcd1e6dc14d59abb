/** OpenAPI's `security` in the words of the gateway: schemes of which any one suffices, and scopes likewise. */
import type { OpenApiDocument, OpenApiOperation, OpenApiSecurityScheme } from '../adapters/openapi/openapi-document.ts';
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import type { ApiKeyPlace, SchemeName } from '../core/api.ts';
import { pointer } from '../platform/yaml-source.ts';

export interface Requirements {
  readonly schemes: readonly SchemeName[];
  readonly keyPlaces: readonly ApiKeyPlace[];
  /** Of all alternatives; any one of them is asked for, whatever the scheme. */
  readonly scopes: readonly string[];
  readonly mutualTls: 'mandatory' | 'optional' | null;
}

type Kind = SchemeName | 'mutual_tls';

/** Null = nothing is said; also of what is wrong, with an error. */
export function readRequirements(
  alternatives: OpenApiOperation['security'],
  place: string,
  schemes: readonly OpenApiSecurityScheme[],
  problems: ProblemList,
): Requirements | null {
  if (alternatives === null) return null;
  if (alternatives.length === 0) {
    const message = 'an empty list does not switch security off; it is as if it were not there';
    problems.warn(place, message, "write 'x-wso2-disable-security: true', or leave the list out");
    return null;
  }
  const kinds: Kind[][] = [];
  const keyPlaces: ApiKeyPlace[] = [];
  const scopes = new Set<string>();
  for (const [i, alternative] of alternatives.entries()) {
    const at = `${place}/${i}`;
    const here = new Set<Kind>();
    let keys = 0;
    for (const [name, names] of Object.entries(alternative)) {
      const scheme = schemes.find((known) => known.name === name);
      const kind = scheme && kindOf(scheme);
      if (!scheme || !kind) {
        const remedy = 'use oauth2, openIdConnect, http with basic or bearer, apiKey in header or query, or mutualTLS';
        problems.error(`${at}${pointer(name)}`, `the gateway can't check the security scheme '${name}'`, remedy);
        continue;
      }
      here.add(kind);
      if (kind === 'api_key') {
        keys++;
        const where = { in: scheme.in as 'header' | 'query', name: scheme.parameter as string };
        if (!keyPlaces.some((known) => known.in === where.in && known.name === where.name)) keyPlaces.push(where);
      }
      for (const scope of names) scopes.add(scope);
    }
    checkAlternative(alternative, here, keys, at, problems);
    if (here.size > 0) kinds.push([...here]);
  }
  if (kinds.length === 0) return null;
  const mutualTls = readMutualTls(kinds, place, problems);
  const names = new Set(kinds.flat().filter((kind): kind is SchemeName => kind !== 'mutual_tls'));
  return { schemes: [...names], keyPlaces, scopes: [...scopes], mutualTls };
}

/** OpenAPI means all the scopes of an entry, the original any one of them. Said once of a definition. */
export function checkScopesTogether({ operations }: OpenApiDocument, problems: ProblemList): void {
  for (const { security, raw, pointer: place } of operations) {
    if (raw['x-scope'] !== undefined) continue;
    const at = (security ?? []).findIndex((alternative) => Object.values(alternative).flat().length > 1);
    if (at < 0) continue;
    const own = raw.security === undefined || raw.security === null ? '' : place;
    const message = 'OpenAPI asks for all the scopes of one entry, the gateway for any one of them, here and elsewhere';
    problems.warn(`${own}/security/${at}`, message, 'name one scope that stands for all of them, or nothing to do');
    return;
  }
}

function kindOf({ type, scheme, in: where }: OpenApiSecurityScheme): Kind | null {
  switch (type) {
    case 'oauth2':
    case 'openIdConnect':
      return 'oauth2';
    case 'http':
      return scheme === 'basic' ? 'basic_auth' : scheme === 'bearer' || scheme === 'jwt' ? 'oauth2' : null;
    case 'apiKey':
      return where === 'cookie' ? null : 'api_key';
    case 'mutualTLS':
      return 'mutual_tls';
  }
}

/** The schemes of one alternative, which are asked for together. */
function checkAlternative(
  alternative: Readonly<Record<string, readonly string[]>>,
  kinds: ReadonlySet<Kind>,
  keys: number,
  place: string,
  problems: ProblemList,
): void {
  if (Object.keys(alternative).length === 0) {
    const message = 'an empty requirement does not make security optional; it is as if it were not there';
    problems.warn(place, message, "write 'x-wso2-disable-security: true' to let everybody in, or leave it out");
  }
  const schemes = [...kinds].filter((kind) => kind !== 'mutual_tls');
  if (schemes.length > 1) {
    const message = `the gateway can't ask for ${schemes.join(' and ')} together`;
    problems.error(place, message, 'write them as entries of their own, of which any one suffices');
  }
  if (keys > 1)
    problems.warn(place, 'one API key suffices, at any one of these places', 'write them as entries of their own');
}

/** A certificate that all alternatives ask for is mandatory, one that is an alternative by itself is optional. */
function readMutualTls(kinds: readonly Kind[][], place: string, problems: ProblemList): Requirements['mutualTls'] {
  const withCertificate = kinds.filter((alternative) => alternative.includes('mutual_tls'));
  if (withCertificate.length === 0) return null;
  if (withCertificate.length === kinds.length) {
    const alone = kinds.filter((alternative) => alternative.length === 1);
    if (alone.length > 0 && alone.length < kinds.length) {
      const message = "the gateway can't ask for a certificate alone or with something else";
      problems.error(place, message, 'leave out one of the two');
    }
    return 'mandatory';
  }
  if (withCertificate.some((alternative) => alternative.length > 1)) {
    const message = "the gateway can't ask for a certificate with some of the alternatives only";
    problems.error(place, message, 'ask for it in all of them, or in one that has nothing else');
  }
  return 'optional';
}
