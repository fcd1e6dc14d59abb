/** Which tokens a microgateway believes, and what it checks of them. */
import { boolean, integer, list, named, section, tables, text } from '../../../platform/config/schema.ts';

const own = 'the issuer of the key manager, whose keys are fetched there';
const backendTokens = 'JWTs for back ends are not built yet';
const noBackendTokens = 'JWTs for back ends are not built yet.';
const issuing =
  'API keys are not issued by a microgateway; those of the control plane and of other issuers are accepted.';

const claims = tables(
  section('A claim that the issuer calls otherwise.', {
    remoteClaim: text({ default: '', description: 'The name that the issuer has for it.' }),
    localClaim: text({ default: '', description: 'The name that it has here.' }),
  }),
);

export const tokenOptions = {
  jwtTokenConfig: tables(
    section(
      `An issuer of JWTs. Without any, JWTs of one are accepted: ${own}. A single one may also be written \`[jwtTokenConfig]\`.`,
      {
        issuer: text({
          default: '',
          description: 'Exact value of the claim `iss`. Empty is the issuer of the key manager.',
        }),
        audience: text({ default: '', description: 'Required member of the claim `aud`. Empty is not checked.' }),
        certificateAlias: text({
          default: '',
          description:
            'Alias of its certificate in the trust store. Without a trust store, an alias of the key manager’s issuer has no effect: its keys are fetched.',
        }),
        jwksURL: text({
          default: '',
          description:
            'Address of its keys (RFC 7517), https. Of the key manager’s issuer, empty is the key manager’s own.',
        }),
        validateSubscription: boolean({
          default: null,
          description:
            'Whether the application must have subscribed to the API: by the data of the event hub if there is one, otherwise by the claims of the token. Not set is `security.validateSubscriptions`.',
        }),
        consumerKeyClaim: text({
          default: '',
          description:
            'Claim that holds the consumer key. Empty is `consumerKey`, `azp`, `client_id` or a single `aud`.',
        }),
        claimMapperClassName: text({
          default: '',
          description: 'Java class that maps claims.',
          notBuilt: 'classes are not run; `[[jwtTokenConfig.claims]]` maps names',
        }),
        remoteUserClaimRetrievalEnabled: boolean({
          default: false,
          description: 'Whether claims about the user are fetched from the key manager for the back end.',
          notBuilt: backendTokens,
        }),
        claims,
      },
      ({ jwksURL }) =>
        jwksURL === '' || URL.parse(jwksURL)?.protocol === 'https:' ? undefined : 'jwksURL: expected an https address',
    ),
  ),
  security: section('What is checked of every token.', {
    validateSubscriptions: boolean({
      default: null,
      description:
        'Whether an application must have subscribed to an API, where its issuer’s section doesn’t say. Not set: to APIs that were pulled from a control plane, while its event hub is followed.',
    }),
  }),
  apikey: section('API keys.', {
    tokenConfigs: tables(
      section('An issuer of API keys.', {
        issuer: text({
          default: 'https://localhost:9095/apikey',
          description: 'Exact value of the claim `iss`.',
        }),
        audience: text({ default: '', description: 'Required member of the claim `aud`. Empty is not checked.' }),
        certificateAlias: text({ default: '', description: 'Alias of its certificate in the trust store.' }),
        validateAllowedAPIs: boolean({
          default: false,
          description: 'Whether the key must name the API, in `subscribedAPIs` or `allowedAPIs`.',
        }),
      }),
    ),
    issuer: section('The issuing of API keys by the microgateway itself.', {
      tokenConfig: section('Its keys.', {
        enabled: boolean({ default: true, description: 'Whether `/apikey` issues keys.', noEffect: issuing }),
        keyStorePath: text({ default: '', description: 'Key store with the signing key.', noEffect: issuing }),
        keyStorePassword: text({ default: '', secret: true, description: 'Its password.', noEffect: issuing }),
        issuer: text({ default: 'https://localhost:9095/apikey', description: 'Claim `iss`.', noEffect: issuing }),
        certificateAlias: text({ default: 'ballerina', description: 'Alias of the signing key.', noEffect: issuing }),
        validityTime: integer({
          default: -1,
          minimum: -1,
          description: 'Seconds that a key is valid. -1 is for ever.',
          noEffect: issuing,
        }),
      }),
      api: tables(
        section('An API that keys are issued for.', {
          name: text({ default: '', description: 'Its title.', noEffect: issuing }),
          versions: text({ default: '*', description: 'Its versions, separated by commas.', noEffect: issuing }),
        }),
      ),
    }),
  }),
  jwtConfig: section('', {
    header: text({
      default: 'X-JWT-Assertion',
      description: 'Header field of the JWT for back ends.',
      noEffect: noBackendTokens,
    }),
  }),
  jwtGeneratorConfig: section('JWTs that tell back ends who calls.', {
    jwtGeneratorEnabled: boolean({
      default: false,
      description: 'Whether back ends get one.',
      notBuilt: backendTokens,
    }),
    claimDialect: text({
      default: 'http://wso2.org/claims',
      description: 'Prefix of the claims.',
      noEffect: noBackendTokens,
    }),
    signingAlgorithm: text({ default: 'SHA256withRSA', description: 'Signature.', noEffect: noBackendTokens }),
    certificateAlias: text({
      default: 'ballerina',
      description: 'Alias of the certificate.',
      noEffect: noBackendTokens,
    }),
    privateKeyAlias: text({
      default: 'ballerina',
      description: 'Alias of the signing key.',
      noEffect: noBackendTokens,
    }),
    tokenExpiry: integer({
      default: 900_000,
      minimum: 0,
      description: 'Milliseconds that one is valid.',
      noEffect: noBackendTokens,
    }),
    restrictedClaims: list({ default: [], description: 'Claims to leave out.', noEffect: noBackendTokens }),
    issuer: text({ default: 'wso2.org/products/am', description: 'Claim `iss`.', noEffect: noBackendTokens }),
    audience: list({
      default: ['http://org.wso2.apimgt/gateway'],
      description: 'Claim `aud`.',
      noEffect: noBackendTokens,
    }),
    generatorImpl: text({
      default: 'org.wso2.micro.gateway.jwt.generator.MGWJWTGeneratorImpl',
      description: 'Java class that makes it.',
      noEffect: noBackendTokens,
    }),
    claimRetrieval: section('Further claims about the user.', {
      retrieverImpl: text({ default: '', description: 'Java class that fetches them.', noEffect: noBackendTokens }),
      configuration: named(
        '<key>',
        text({ default: '', description: 'Settings of that class.', noEffect: noBackendTokens }),
      ),
    }),
    jwtGeneratorCaching: section('The JWTs that are kept.', {
      tokenCacheEnable: boolean({ default: true, description: 'Whether any are.', noEffect: noBackendTokens }),
      tokenCacheExpiryTime: integer({
        default: 900_000,
        minimum: 0,
        description: 'Milliseconds that one is used.',
        noEffect: noBackendTokens,
      }),
      tokenCacheCapacity: integer({
        default: 10_000,
        minimum: 0,
        description: 'Entries at most.',
        noEffect: noBackendTokens,
      }),
      tokenCacheEvictionFactor: evictionFactor(),
    }),
  }),
  caching: section('Decisions about tokens that are kept, each never longer than its token is valid.', {
    enabled: boolean({ default: true, description: 'Whether any are.' }),
    tokenCacheExpiryTime: integer({
      default: 900_000,
      minimum: 0,
      formerly: ['caching.tokenCache.expiryTime'],
      description:
        'Milliseconds that one is used. The original took them for seconds, so that its default was ten days. Unless it is given, answers about opaque tokens whose revocations nobody tells are used for `gateway.cache.token.ttlWithoutEvents`.',
    }),
    tokenCacheCapacity: integer({
      default: 10_000,
      minimum: 0,
      formerly: ['caching.tokenCache.capacity'],
      description: 'Entries of each cache at most, for each thread.',
    }),
    tokenCacheEvictionFactor: { ...evictionFactor(), formerly: ['caching.tokenCache.evictionFactor'] },
  }),
};

function evictionFactor() {
  return {
    type: 'number',
    default: 0.25,
    minimum: 0,
    maximum: 1,
    description: 'Part of a full cache that is dropped at once.',
    noEffect: 'a full cache drops the half that was not used of late.',
  } as const;
}
