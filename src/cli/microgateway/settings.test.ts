import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { TrustStore } from '../../adapters/trust-stores/trust-store.ts';
import type { SchemeName } from '../../core/api.ts';
import { gatewayOptions } from '../../gateway/options.ts';
import { loadConfig } from '../../platform/config/load.ts';
import { writeManagementAddress } from '../management-address.ts';
import { basicUsersOf } from './basic-users.ts';
import { readConfiguration, storePath } from './configuration.ts';
import { issuersOf } from './issuers.ts';
import { type MicrogatewaySettings, readSettings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-mgw-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'micro-gw.conf');

function configure(content: string, flags: readonly string[] = []) {
  writeFileSync(file, content);
  return readConfiguration(file, flags);
}

function settings(content: string | null, flags: readonly string[] = [], data = folder): MicrogatewaySettings {
  if (content !== null) writeFileSync(file, content);
  return readSettings({
    artifact: 'x/shop.postern',
    data,
    portOffset: 0,
    flags,
    ...(content !== null && { config: file }),
  });
}

describe('the gateway', () => {
  it('has the ports of the original, on this machine only', () => {
    const { options, tokenListenerPort, own } = settings(null);
    const { host, httpPort, httpsPort, adminPort } = options.gateway;
    assert.deepEqual([host, httpPort, httpsPort, tokenListenerPort, adminPort], ['127.0.0.1', 9090, 9095, 9096, 9444]);
    assert.equal(own, join(folder, 'microgateways', 'shop'));
  });

  for (const artifact of ['...postern', '..postern', 'x/..', '.']) {
    it(`has no folder of its own for the artifact ${artifact}`, () => {
      const read = () => readSettings({ artifact, data: folder, portOffset: 0, flags: [] });
      assert.throws(read, { name: 'ConfigError', message: /expected an artifact with a name before its ending/ });
    });
  }

  it('has every port moved but those that are to be free ones', () => {
    const flags = ['--listenerConfig.httpPort=0'];
    const args = { artifact: 'a', data: folder, portOffset: 10, host: '::1', flags };
    const { options, tokenListenerPort } = readSettings(args);
    const { host, httpPort, httpsPort, adminPort } = options.gateway;
    assert.deepEqual([host, httpPort, httpsPort, tokenListenerPort, adminPort], ['::1', 0, 9105, 9106, 9454]);
  });

  it('has, where the original says nothing, the defaults of every gateway', () => {
    const { gateway } = settings(null).options;
    const usual = loadConfig(gatewayOptions).gateway;
    const { host, httpPort, httpsPort, maxHeadSize, maxTargetLength, ...rest } = usual;
    assert.deepEqual(gateway, {
      ...rest,
      host,
      httpPort: 9090,
      httpsPort: 9095,
      maxHeadSize: 8192,
      maxTargetLength: 4096,
    });
  });

  it('has what the original calls otherwise', () => {
    const { gateway, authConfig } = settings(
      `[listenerConfig]
       maxUriLength = 1000
       maxHeaderSize = 2000
       [authConfig]
       authorizationHeader = "X-Auth"
       [caching]
       tokenCacheExpiryTime = 60000
       tokenCacheCapacity = 7
       [server]
       timestampSkew = 1500
       [httpClients.poolConfig]
       maxActiveConnections = 9
       [b7a.http.accesslog]
       console = true`,
    ).options;
    assert.deepEqual([gateway.maxTargetLength, gateway.maxHeadSize, gateway.clockSkew], [1000, 2000, 1500]);
    assert.deepEqual(
      [gateway.cache.jwt, gateway.cache.token],
      [
        { capacity: 7, ttl: 60 },
        { capacity: 7, ttl: 60, ttlWithoutEvents: 60 },
      ],
    );
    assert.deepEqual([gateway.backend.maxConnections, gateway.accessLog], [9, '/dev/stdout']);
    assert.equal(authConfig.authorizationHeader, 'X-Auth');
  });

  it('keeps what is said of opaque tokens for a short time where no revocations come, unless a time is given', () => {
    const token = (content: string, ...flags: string[]) => {
      const { ttl, ttlWithoutEvents } = settings(content, flags).options.gateway.cache.token;
      return [ttl, ttlWithoutEvents];
    };
    const hub = '[keyManager]\nserverUrl = "https://km"\n[apim.eventHub]\nenable = true\n';
    assert.deepEqual(token(''), [900, 30]);
    assert.deepEqual(token('', '--gateway.cache.token.ttlWithoutEvents=5'), [900, 5]);
    assert.deepEqual(token('[caching]\ntokenCache.expiryTime = 120000\n'), [120, 120]);
    assert.deepEqual(token(hub), [900, 30]);
    assert.deepEqual(token(`${hub}serviceUrl = "https://cp"\n`), [30, 30]);
    assert.deepEqual(token(`${hub}serviceUrl = "https://cp"\notherServiceUrls = ["https://km"]\n`), [900, 30]);
    assert.deepEqual(token(`${hub}serviceUrl = "https://cp"\n[caching]\ntokenCacheExpiryTime = 60000\n`), [60, 60]);
  });

  it('keeps no decision when caching is off', () => {
    const { token, jwt, apiKey, invalidToken } = settings('[caching]\nenabled = false\n').options.gateway.cache;
    assert.deepEqual(
      [token, jwt, apiKey, invalidToken].map(({ capacity }) => capacity),
      [0, 0, 0, 0],
    );
  });

  it('logs what the original’s level says, unless ours is given', () => {
    assert.equal(settings(null, ['--b7a.log.level=trace']).logLevel, 'trace');
    assert.equal(settings(null, ['--b7a.log.level=OFF']).logLevel, 'silent');
    assert.equal(settings(null, ['--b7a.log.level=OFF', '--log.level=info']).logLevel, 'info');
  });

  it('sends user and password of 3.0 to the key manager, and gets tokens at its token endpoint', () => {
    const { basic, oauth2 } = settings('[keyManager]\nserverUrl = "https://km/"\nusername = "u"\npassword = "p"\n')
      .options.keyManager.security;
    assert.deepEqual(basic, { enabled: true, username: 'u', password: 'p' });
    assert.equal(oauth2.tokenUrl, 'https://km/oauth2/token');
  });
});

describe('the hub', () => {
  const hub = (content: string | null, flags: readonly string[] = [], data = folder) =>
    settings(content, flags, data).options.controlPlane.url;
  const beside = mkdtempSync(join(folder, 'data-'));
  writeFileSync(join(beside, 'postern.db'), '');

  it('is none with a configuration that enables none', () => {
    assert.equal(hub(''), '');
    assert.equal(hub('', [], beside), '');
    assert.equal(hub(null), '');
  });

  it('is the key manager’s server beside `postern start`, unless it is disabled', () => {
    assert.equal(hub(null, [], beside), 'https://localhost:9443');
    assert.equal(hub(null, ['--keyManager.serverUrl=https://localhost:9453'], beside), 'https://localhost:9453');
    assert.equal(hub(null, ['--apim.eventHub.enable=false'], beside), '');
  });

  it('is where the control plane of the data folder listens, unless another one is named', () => {
    const moved = mkdtempSync(join(folder, 'data-'));
    writeManagementAddress(moved, 'https://localhost:9453');
    const { options } = settings(null, [], moved);
    assert.equal(options.controlPlane.url, 'https://localhost:9453');
    assert.equal(options.keyManager.security.oauth2.tokenUrl, 'https://localhost:9453/oauth2/token');
    assert.equal(hub(null, ['--keyManager.serverUrl=https://km:1'], moved), 'https://km:1');
    assert.equal(hub('', [], moved), '', 'a file says everything');
    for (const text of ['', 'nonsense', 'http://a', 'x'.repeat(2000)]) {
      writeFileSync(join(moved, 'management.url'), text);
      assert.equal(hub(null, [], moved), '');
    }
  });

  it('is what the event hub, or either source of revocations, names', () => {
    assert.equal(hub('[apim.eventHub]\nenable = true\nserviceUrl = "https://cp:9443"\n'), 'https://cp:9443');
    assert.equal(
      hub('[tokenRevocationConfig.persistent]\nenablePersistentStorageRetrieval = true\n'),
      'https://localhost:9443',
    );
    const realtime = ['--tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval=true'];
    assert.equal(
      hub('', [...realtime, '--tokenRevocationConfig.realtime.jmsConnectionProviderUrl=https://cp:1']),
      'https://cp:1',
    );
  });

  it('is one: two that differ are refused', () => {
    const two =
      '[apim.eventHub]\nenable = true\nserviceUrl = "https://a"\n[tokenRevocationConfig.persistent]\nenablePersistentStorageRetrieval = true\nendpointURL = "https://b/internal/data/v1"\n';
    assert.throws(() => hub(two), {
      name: 'ConfigError',
      message: /micro-gw\.conf:6: .*endpointURL: expected the address that apim\.eventHub\.serviceUrl has/,
    });
  });

  it('is reached by HTTPS only', () => {
    assert.throws(() => hub('[apim.eventHub]\nenable = true\nserviceUrl = "http://a"\n'), { name: 'ConfigError' });
    assert.throws(() => hub('[apim.eventHub]\nenable = true\notherServiceUrls = ["https://u:secret@a"]\n'), {
      name: 'ConfigError',
      message:
        /:3: apim\.eventHub\.otherServiceUrls: expected https:\/\/host:port of a control plane, got "https:\/\/…@a"$/,
    });
    assert.throws(() => hub('[apim.eventHub]\nenable = true\n[keyManager]\nserverUrl = "http://a"\n'), {
      message: /expected an https address/,
    });
  });
});

describe('issuers', () => {
  const trustStore: TrustStore = {
    certificates: [
      { alias: 'WSO2', pem: 'PEM 1' },
      { alias: 'other', pem: 'PEM 2' },
    ],
    keys: [],
  };
  const read = (
    content: string,
    store: TrustStore | null = trustStore,
    hasHub = false,
    accepted: readonly SchemeName[] = ['oauth2', 'api_key'],
  ) => {
    const warnings: string[] = [];
    const deps = { trustStore: store, hasHub, schemes: new Set(accepted) };
    const entities = issuersOf(configure(content), { ...deps, warn: (line) => warnings.push(line) });
    return { issuers: entities.map(({ value }) => value), warnings };
  };
  const own = 'https://localhost:9443/oauth2/token';
  const jwks = 'https://localhost:9443/oauth2/jwks';

  it('are the key manager’s own by default, and that of its API keys', () => {
    assert.deepEqual(read('').issuers, [
      { issuer: own, keys: [], audience: null, jwksUrl: jwks, subscriptions: 'none' },
      {
        issuer: 'https://localhost:9443/api-keys',
        apiKeys: true,
        keys: [],
        audience: 'http://org.wso2.apimgt/gateway/api-key',
        jwksUrl: jwks,
        subscriptions: 'none',
      },
    ]);
  });

  it('are not the default ones where no API takes their tokens; what is configured stays', () => {
    const issuers = (content: string, ...accepted: SchemeName[]) =>
      read(content, trustStore, false, accepted).issuers.map(({ issuer }) => issuer);
    assert.deepEqual(issuers('', 'basic_auth'), []);
    assert.deepEqual(issuers('', 'basic_auth', 'oauth2'), [own]);
    assert.deepEqual(issuers('', 'api_key'), ['https://localhost:9443/api-keys']);
    assert.deepEqual(issuers('[[jwtTokenConfig]]\nissuer = "https://idp"\njwksURL = "https://idp/keys"\n'), [
      'https://idp',
    ]);
  });

  it('are those that are configured, each with its keys, claims and checks', () => {
    const content = `
      [security]
      validateSubscriptions = true
      [[jwtTokenConfig]]
      certificateAlias = "wso2"
      [[jwtTokenConfig]]
      issuer = "https://idp"
      jwksURL = "https://idp/keys"
      audience = "me"
      consumerKeyClaim = "cid"
      validateSubscription = false
      [[jwtTokenConfig.claims]]
      remoteClaim = "scp"
      localClaim = "scope"
      [[apikey.tokenConfigs]]
      issuer = "https://keys"
      certificateAlias = "OTHER"
      validateAllowedAPIs = true`;
    assert.deepEqual(read(content).issuers, [
      { issuer: own, keys: [], audience: null, certificates: ['PEM 1'], subscriptions: 'claim' },
      {
        issuer: 'https://idp',
        keys: [],
        audience: 'me',
        foreign: true,
        jwksUrl: 'https://idp/keys',
        consumerKeyClaim: 'cid',
        claims: [{ remote: 'scp', local: 'scope' }],
        subscriptions: 'none',
      },
      {
        issuer: 'https://keys',
        apiKeys: true,
        keys: [],
        audience: null,
        certificates: ['PEM 2'],
        subscriptions: 'claim',
      },
    ]);
    assert.equal(read(content, trustStore, true).issuers[0]?.subscriptions, 'data');
  });

  it('with an alias of the bundled trust store: the key manager’s keys are fetched, and a line says so', () => {
    const { issuers, warnings } = read('[jwtTokenConfig]\ncertificateAlias = "wso2apim310"\n', null);
    assert.equal(issuers[0]?.jwksUrl, jwks);
    assert.match(
      warnings[0] ?? '',
      /micro-gw\.conf:2: .*no certificate "wso2apim310": there is no trust store.*fetched/,
    );
  });

  const wrong: [content: string, problem: RegExp][] = [
    ['[[jwtTokenConfig]]\n[[jwtTokenConfig]]\n', /is configured twice/],
    ['[jwtTokenConfig]\nissuer = "https://idp"\n', /micro-gw\.conf:2: .*expected a jwksURL or a certificateAlias/],
    [
      '[jwtTokenConfig]\nissuer = "x"\ncertificateAlias = "none"\n',
      /micro-gw\.conf:3: .*no certificate "none": expected one of WSO2, other/,
    ],
    ['[jwtTokenConfig]\n[[jwtTokenConfig.claims]]\nremoteClaim = "a"\n', /expected both remoteClaim and localClaim/],
    ['[jwtTokenConfig]\njwksURL = "file:///etc/passwd"\n', /micro-gw\.conf:2: .*expected an https address/],
  ];
  for (const [content, problem] of wrong) {
    it(`refused: ${JSON.stringify(content)}`, () =>
      assert.throws(() => read(content), { name: 'ConfigError', message: problem }));
  }
});

describe('users', () => {
  const sha1 = 'd033e22ae348aeb5660fc2140aec35850c4da997';

  it('have digests and scopes', () => {
    const content = `[b7a.users.admin]\npassword = "${sha1}"\nscopes = "a, b"\n[b7a.users."x.y"]\npassword = "@sha256:{${'0'.repeat(64)}}"\n`;
    assert.deepEqual(basicUsersOf(configure(content)), [
      { name: 'admin', password: sha1, scopes: ['a', 'b'] },
      { name: 'x.y', password: `@sha256:{${'0'.repeat(64)}}`, scopes: [] },
    ]);
  });

  it('whose password is no digest are refused, all of them, without the password', () => {
    const content = '[b7a.users.a]\npassword = "hush"\n[b7a.users.b]\nscopes = "x"\n';
    assert.throws(
      () => basicUsersOf(configure(content)),
      ({ message }: Error) =>
        message.split('\n').length === 2 &&
        /micro-gw\.conf:2: b7a\.users\.a\.password: expected the digest/.test(message) &&
        /b7a\.users\.b\.password: expected the digest/.test(message) &&
        !message.includes('hush'),
    );
  });
});

describe('stores', () => {
  /** A variable of the original. */
  const home = '$'.concat('{mgw-runtime.home}');
  const bundled = `${home}/runtime/bre/security/ballerinaTruststore.p12`;

  it('are relative to the file, and the bundled ones are none', () => {
    assert.equal(
      storePath(configure('[listenerConfig]\ntrustStorePath = "t.p12"\n'), 'trustStorePath'),
      join(folder, 't.p12'),
    );
    assert.equal(storePath(configure(`[listenerConfig]\ntrustStorePath = "${bundled}"\n`), 'trustStorePath'), null);
    const of30 = `[listenerConfig]\nkeyStore.path = "${'$'.concat('{ballerina.home}')}/bre/security/ballerinaKeystore.p12"\n`;
    assert.equal(storePath(configure(of30), 'keyStorePath'), null);
  });

  it('with another variable are refused', () => {
    const configuration = configure(`[listenerConfig]\ntrustStorePath = "${home}/x"\n`);
    assert.throws(
      () => storePath(configuration, 'trustStorePath'),
      /micro-gw\.conf:2: .*expected a path without variables/,
    );
  });
});
