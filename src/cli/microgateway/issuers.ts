/** The issuers that a microgateway believes, from `[[jwtTokenConfig]]` and `[[apikey.tokenConfigs]]`. */
import type { TrustStore } from '../../adapters/trust-stores/trust-store.ts';
import type { SchemeName } from '../../core/api.ts';
import { apiKeyAudience, type Issuer } from '../../core/token.ts';
import { ConfigError } from '../../platform/config/config-error.ts';
import { certificatesUnder } from './certificates-under.ts';
import type { Configuration } from './configuration.ts';

type Entity = { readonly kind: 'issuer'; readonly id: string; readonly value: Issuer };

export interface IssuerDeps {
  /** null = there is none of the user's own. */
  readonly trustStore: TrustStore | null;
  /** Whether the data about subscriptions comes from a hub. */
  readonly hasHub: boolean;
  /** What the APIs accept: nobody's keys are fetched for tokens that none of them takes. */
  readonly schemes: ReadonlySet<SchemeName>;
  /** For what is worth a line, but no error. */
  readonly warn: (line: string) => void;
}

/**
 * Without a section, the key manager's own issuer is believed, and that of its API keys, as far as an API takes them.
 * @throws ConfigError that names everything that is wrong
 */
export function issuersOf(configuration: Configuration, deps: IssuerDeps): Entity[] {
  const problems: string[] = [];
  const issuers = [...accessTokenIssuers(configuration, deps, problems), ...apiKeyIssuers(configuration, deps)];
  const seen = new Set<string>();
  for (const { value } of issuers) {
    if (seen.has(value.issuer)) problems.push(`the issuer ${value.issuer} is configured twice`);
    seen.add(value.issuer);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return issuers;
}

function accessTokenIssuers({ config, where }: Configuration, deps: IssuerDeps, problems: string[]): Entity[] {
  const { serverUrl, tokenContext, issuer } = config.keyManager;
  const keyManager = `${serverUrl.replace(/\/$/, '')}/${tokenContext}`;
  const own = issuer || `${keyManager}/token`;
  const usual = deps.schemes.has('oauth2') ? [null] : [];
  const configured = config.jwtTokenConfig.length > 0 ? config.jwtTokenConfig : usual;
  return configured.map((section, i) => {
    const name = section?.issuer || own;
    const at = (key: string): string => where(`jwtTokenConfig.${i}.${key}`);
    const claims = section?.claims ?? [];
    for (const [j, { remoteClaim, localClaim }] of claims.entries()) {
      if (remoteClaim !== '' && localClaim !== '') continue;
      problems.push(`${at(`claims.${j}`)}: expected both remoteClaim and localClaim`);
    }
    const certificates = certificatesUnder(
      section?.certificateAlias ?? '',
      at('certificateAlias'),
      deps.trustStore,
      (problem) => {
        if (name === own && !deps.trustStore)
          deps.warn(`${problem}; the keys of ${own} are fetched from the key manager`);
        else problems.push(problem);
      },
    );
    const jwksUrl = section?.jwksURL || (name === own && certificates.length === 0 ? `${keyManager}/jwks` : '');
    if (jwksUrl === '' && certificates.length === 0 && !section?.certificateAlias) {
      problems.push(`${at('issuer')}: expected a jwksURL or a certificateAlias besides`);
    }
    const isChecked = section?.validateSubscription ?? config.security.validateSubscriptions;
    return entity({
      issuer: name,
      keys: [],
      audience: section?.audience || null,
      ...(name !== own && { foreign: true }),
      ...(jwksUrl !== '' && { jwksUrl }),
      ...(certificates.length > 0 && { certificates }),
      ...(section?.consumerKeyClaim && { consumerKeyClaim: section.consumerKeyClaim }),
      ...(claims.length > 0 && {
        claims: claims.map(({ remoteClaim, localClaim }) => ({ remote: remoteClaim, local: localClaim })),
      }),
      subscriptions: subscriptionsBy(isChecked, deps),
    });
  });
}

function apiKeyIssuers({ config, where }: Configuration, deps: IssuerDeps): Entity[] {
  const { serverUrl, tokenContext } = config.keyManager;
  const server = serverUrl.replace(/\/$/, '');
  const sections = config.apikey.tokenConfigs;
  if (sections.length === 0 && !deps.schemes.has('api_key')) return [];
  if (sections.length === 0) {
    const isChecked = config.security.validateSubscriptions;
    return [
      entity({
        issuer: `${server}/api-keys`,
        apiKeys: true,
        keys: [],
        audience: apiKeyAudience,
        jwksUrl: `${server}/${tokenContext}/jwks`,
        subscriptions: subscriptionsBy(isChecked, deps),
      }),
    ];
  }
  return sections.map(({ issuer, audience, certificateAlias, validateAllowedAPIs }, i) => {
    const option = where(`apikey.tokenConfigs.${i}.certificateAlias`);
    // Its keys are refused then, so a line will do.
    const refused = (problem: string) => deps.warn(`${problem}; API keys of ${issuer} are refused`);
    const certificates = certificatesUnder(certificateAlias, option, deps.trustStore, refused);
    if (certificateAlias === '') refused(`${option}: not given`);
    return entity({
      issuer,
      apiKeys: true,
      keys: [],
      certificates,
      audience: audience || null,
      subscriptions: validateAllowedAPIs ? 'claim' : 'none',
    });
  });
}

/** Not said: the control plane that is followed decides for the APIs that came from it. */
function subscriptionsBy(isChecked: boolean | null, { hasHub }: IssuerDeps): NonNullable<Issuer['subscriptions']> {
  if (isChecked === null) return hasHub ? 'managed' : 'none';
  return isChecked ? (hasHub ? 'data' : 'claim') : 'none';
}

function entity(value: Issuer): Entity {
  return { kind: 'issuer', id: value.issuer, value };
}
