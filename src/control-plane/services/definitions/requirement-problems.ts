/**
 * What a definition's `security` asks for and an API of the control plane doesn't do. Operations ask for the scopes of
 * OAuth2 schemes, and the API says by itself which credentials it takes: so a scope of another scheme, a certificate that
 * the API doesn't ask for, and two schemes at once would be dropped, and the API be more open than its author wrote.
 */
import type {
  OpenApiDocument,
  OpenApiOperation,
  OpenApiSecurityScheme,
} from '../../../adapters/openapi/openapi-document.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import type { ErrorItem } from '../../../platform/rest-error.ts';
import { pointer } from '../../../platform/yaml-source.ts';
import { authTypeOf } from './operations-of.ts';

type Alternative = NonNullable<OpenApiOperation['security']>[number];
type Schemes = ReadonlyMap<string, OpenApiSecurityScheme>;

export function requirementProblems(
  { raw, operations, securitySchemes }: OpenApiDocument,
  { securityScheme }: Pick<CatalogApi, 'securityScheme'>,
): ErrorItem[] {
  const schemes: Schemes = new Map(securitySchemes.map((scheme) => [scheme.name, scheme]));
  const asksForCertificate = securityScheme.includes('mutualssl') && securityScheme.includes('mutualssl_mandatory');
  const problems: ErrorItem[] = [];
  // Many operations have the same list, that of the document: it is looked at once.
  const seen = new Set<unknown>();
  for (const { security, raw: operation, pointer: place } of operations) {
    if (security === null || seen.has(security)) continue;
    seen.add(security);
    const own = operation.security === undefined || operation.security === null ? '' : place;
    const isCertificateNeeded = security.every((one) => Object.keys(one).some((name) => isCertificate(schemes, name)));
    for (const [i, alternative] of security.entries()) {
      for (const message of wrongOf(alternative, schemes, asksForCertificate, isCertificateNeeded)) {
        const at = `${own}/security/${i}`;
        problems.push({ code: at, message: `${at}: ${message}` });
      }
    }
  }
  const off = switchedOffBy(raw);
  if (off !== null && Array.isArray(raw.security) && raw.security.length > 0) {
    const at = pointer(off);
    const message =
      "it contradicts the 'security' of the document; expected one of the two, or either at the operations";
    problems.push({ code: at, message: `${at}: ${message}` });
  }
  return problems;
}

/** The word of the document that switches security off for all operations that say nothing. */
function switchedOffBy(raw: OpenApiDocument['raw']): string | null {
  if (raw['x-wso2-disable-security'] === true) return 'x-wso2-disable-security';
  const type = raw['x-auth-type'];
  return typeof type === 'string' && authTypeOf(type) === 'None' ? 'x-auth-type' : null;
}

function* wrongOf(
  alternative: Alternative,
  schemes: Schemes,
  asksForCertificate: boolean,
  isCertificateNeeded: boolean,
): Generator<string> {
  const names = Object.keys(alternative);
  const withScopes = names.filter((name) => (alternative[name] as readonly string[]).length > 0);
  for (const name of withScopes) {
    const type = schemes.get(name)?.type;
    if (type === 'oauth2') continue;
    yield `'${name}' (${type}) has scopes or roles, which only schemes of the type oauth2 can have here; expected them at one of these`;
  }
  const others = names.filter((name) => !isCertificate(schemes, name));
  // One that stands beside others, which do without, is only a way fewer.
  if (others.length < names.length && (isCertificateNeeded || others.length > 0) && !asksForCertificate) {
    yield "a client certificate is needed; expected mutualssl and mutualssl_mandatory in the API's securityScheme";
  }
  // Tokens are the same whatever the scheme's name, and one API key is as good as two.
  const kinds = new Set(others.map((name) => kindOf(schemes.get(name))));
  if (kinds.size > 1 || withScopes.length > 1) {
    yield `the gateway can't ask for ${others.map((name) => `'${name}'`).join(' and ')} together; expected one of them, or entries of their own, of which any one suffices`;
  }
}

const isCertificate = (schemes: Schemes, name: string): boolean => schemes.get(name)?.type === 'mutualTLS';

/** Kinds of credentials. */
function kindOf(scheme: OpenApiSecurityScheme | undefined): string {
  if (scheme?.type === 'http') return scheme.scheme === 'basic' ? 'basic' : 'token';
  return scheme?.type === 'apiKey' ? 'key' : 'token';
}
