import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { toToml } from '../../platform/config/document.ts';
import { loadConfig, readConfig } from '../../platform/config/load.ts';
import { declared, isOption, options } from '../../platform/config/schema.ts';
import { optionsSchema } from '../options.ts';
import { microgatewaySchema } from './options/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-mgw-'));
after(() => rmSync(folder, { recursive: true }));

function fileOf(content: string): string {
  const file = join(folder, 'micro-gw.conf');
  writeFileSync(file, content);
  return file;
}

/** The blocks of configuration that users of the original know from its documentation. */
const published = {
  'introspection with Basic': `
[keyManager]
    serverUrl = "https://localhost:9443"
    tokenContext = "oauth2"
    [keymanager.security.basic]
        enabled = true
        username = "admin"
        password = "admin"
`,
  'Basic by itself': `
# Basic security configurations
[keymanager.security.basic]
    enabled = true
    username = "admin"
    password = "admin"
`,
  'introspection with OAuth2: client credentials': `
[keymanager.security.oauth2]
    enabled = true
    # Authentication credentials should be sent via (AUTH_HEADER_BEARER/POST_BODY_BEARER/NO_BEARER)?
    credentialBearer = "AUTH_HEADER_BEARER"
    # Token URL for the authorization endpoint
    tokenUrl = ""
  # Oauth2 security grants
  [keymanager.security.oauth2.clientCredential]
      enabled = true
      clientId = ""
      clientSecret = ""
      scopes = ""
`,
  'introspection with OAuth2: password and refresh': `
[keymanager.security.oauth2]
    enabled = true
    credentialBearer = "POST_BODY_BEARER"
    tokenUrl = ""
[keymanager.security.oauth2.password]
    enabled = true
    clientId = ""
    clientSecret = ""
    scopes = ""
    username = ""
    password = ""
[keymanager.security.oauth2.refresh]
    enabled = true
    refreshUrl = ""
    scopes = ""
    refreshToken = ""
    clientId = ""
    clientSecret = ""
`,
  'introspection with OAuth2: a token': `
[keymanager.security.oauth2]
    enabled = true
    credentialBearer = "NO_BEARER"
    tokenUrl = ""
[keymanager.security.oauth2.directToken]
    enabled = true
    accessToken = ""
`,
};

describe('blocks as they were published are accepted', () => {
  for (const [what, block] of Object.entries(published)) {
    it(`${what}: by a microgateway and by a gateway, without a warning`, () => {
      const file = fileOf(block);
      assert.deepEqual(readConfig(microgatewaySchema, { file }).warnings, []);
      assert.deepEqual(readConfig(optionsSchema, { file }).warnings, []);
      assert.deepEqual(
        loadConfig(microgatewaySchema, { file }).keyManager,
        loadConfig(optionsSchema, { file }).keyManager,
      );
    });
  }

  it('with values that arrive', () => {
    const { keyManager } = loadConfig(microgatewaySchema, { file: fileOf(published['introspection with Basic']) });
    assert.deepEqual(keyManager.security.basic, { enabled: true, username: 'admin', password: 'admin' });
  });
});

/** A file of 3.0 and one of 3.2, with the keys that changed between them. */
const versions = {
  '3.0': `
[listenerConfig]
host = "localhost"
httpPort = 9090
httpsPort = 9095
tokenListenerPort = 9096
keyStore.path = "a.p12"
keyStore.password = "one"
trustStore.path = "b.p12"
trustStore.password = "two"
[authConfig]
authorizationHeader = "Authorization"
removeAuthHeaderFromOutMessage = true
[keyManager]
serverUrl = "https://km:9443"
username = "u"
password = "p"
tokenContext = "oauth2"
timestampSkew = 7000
[jwtTokenConfig]
issuer = "https://km:9443/oauth2/token"
audience = "http://org.wso2.apimgt/gateway"
certificateAlias = "wso2apim"
[caching]
enabled = true
tokenCache.expiryTime = 900000
tokenCache.capacity = 10000
tokenCache.evictionFactor = 0.25
[tokenRevocationConfig]
[tokenRevocationConfig.realtime]
enableRealtimeMessageRetrieval = false
jmsConnectionTopic = "tokenRevocation"
jmsConnectioninitialContextFactory = "bmbInitialContextFactory"
jmsConnectionProviderUrl = "amqp://admin:admin@carbon/carbon?brokerlist='tcp://localhost:5672'"
[tokenRevocationConfig.persistent]
enablePersistentStorageRetrieval = false
useDefault = true
hostname = "https://127.0.0.1:2379/v2/keys/jti/"
username = "root"
password = "root"
[analytics]
enable = true
uploadingTimeSpanInMillis = 1
uploadingEndpoint = "https://a"
rotatingPeriod = 2
task.uploadFiles = false
username = "au"
password = "ap"
["b7a.users"]
["b7a.users.generalUser1"]
password = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8"
`,
  '3.2': `
[listenerConfig]
host = "localhost"
httpPort = 9090
httpsPort = 9095
tokenListenerPort = 9096
keyStorePath = "a.p12"
keyStorePassword = "one"
trustStorePath = "b.p12"
trustStorePassword = "two"
[authConfig]
authorizationHeader = "Authorization"
removeAuthHeaderFromOutMessage = true
[keyManager]
serverUrl = "https://km:9443"
tokenContext = "oauth2"
[keymanager.security.basic]
username = "u"
password = "p"
[[jwtTokenConfig]]
issuer = "https://km:9443/oauth2/token"
audience = "http://org.wso2.apimgt/gateway"
certificateAlias = "wso2apim"
[caching]
enabled = true
tokenCacheExpiryTime = 900000
tokenCacheCapacity = 10000
tokenCacheEvictionFactor = 0.25
[tokenRevocationConfig.realtime]
jmsConnectioninitialContextFactory = "bmbInitialContextFactory"
[tokenRevocationConfig.persistent]
endpointURL = "https://127.0.0.1:2379/v2/keys/jti/"
username = "root"
password = "root"
[server]
timestampSkew = 7000
[analytics.fileUpload]
enable = true
uploadingTimeSpanInMillis = 1
uploadingEndpoint = "https://a"
rotatingPeriod = 2
taskUploadFiles = false
username = "au"
password = "ap"
[b7a.users.generalUser1]
password = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8"
`,
};

it('a file of 3.0 means what one of 3.2 does', () => {
  const [old, present] = [versions['3.0'], versions['3.2']].map((content) =>
    readConfig(microgatewaySchema, { file: fileOf(content) }),
  );
  assert.deepEqual(old?.config, present?.config);
  assert.equal(old?.config.server.timestampSkew, 7000);
  assert.deepEqual(old?.config.jwtTokenConfig.length, 1);
  assert.equal(old?.config.b7a.users.has('generalUser1'), true);
});

it('a key that is not known is taken for one of its section, or for none', () => {
  const message = (flag: string) => {
    try {
      loadConfig(microgatewaySchema, { flags: [flag] });
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.equal(message('--analytics.enabled=true'), '--analytics.enabled: unknown option');
  assert.match(message('--analytics.endpointURL=x'), /did you mean --analytics\.gRPCAnalytics\.endpointURL\?$/);
  assert.match(message('--keyManager.httpsPort=1'), /did you mean --listenerConfig\.httpsPort\?$/);
});

describe('every option', () => {
  it('has a name of its own in the environment', () => {
    const variables = Array.from(options(microgatewaySchema), ([name]) => name.replaceAll('.', '_').toLowerCase());
    assert.deepEqual([...new Set(variables)], variables);
  });

  it('is described in whole sentences, without what would break a table', () => {
    for (const [name, option] of options(microgatewaySchema)) {
      assert.match(option.description, /^[^|\n]+\.$/, name);
      if (option.noEffect !== undefined) assert.match(option.noEffect, /^[^|\n]+\.$/, name);
      if (option.notBuilt !== undefined) assert.match(option.notBuilt, /^[^|\n]+[^.]$/, name);
    }
  });

  it('is in the generated file, with a default that the loader accepts', () => {
    const content = toToml(microgatewaySchema, 'Head.');
    for (const { name, property } of declared(microgatewaySchema)) {
      if (isOption(property)) assert.match(content, new RegExp(`^# ${name.at(-1)} = `, 'm'), name.join('.'));
    }
    // Every comment that is an option or a header becomes one.
    const filled = content
      .replace(/^# ((?:\w+|<key>) = (?!not set)|\[)/gm, '$1')
      .replace('[b7a.users.<name>]', '[b7a.users.x]')
      .replace('<key> =', 'k =');
    const { config, warnings } = readConfig(microgatewaySchema, { file: fileOf(filled) });
    assert.deepEqual(warnings, []);
    for (const { name, property } of declared(microgatewaySchema)) {
      if (!isOption(property) || name.some((part) => /[[<]/.test(part))) continue;
      const value = name.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], config);
      assert.deepEqual(value, property.default, name.join('.'));
    }
  });
});

describe('what would silently enforce less is refused', () => {
  const cases: [flag: string, problem: RegExp][] = [
    ['--mutualSSLConfig.sslVerifyClient=require', /expected "optional", since each API says by itself/],
    ['--validationConfig.enableRequestValidation=true', /expected false, since the validation of bodies is not built/],
    ['--validationConfig.enableResponseValidation=true', /expected false, since/],
    ['--throttlingConfig.enabledGlobalTMEventPublishing=true', /expected false, since limits over several gateways/],
    ['--listenerConfig.maxEntityBodySize=1000', /expected -1, since a limit of bodies is not built/],
    ['--keyManager.enableLegacyMode=true', /expected false, since opaque tokens are introspected/],
    ['--httpClients.proxy.enable=true', /expected false, since proxies/],
    ['--jwtGeneratorConfig.jwtGeneratorEnabled=true', /expected false, since JWTs for back ends/],
    ['--jwtTokenConfig.0.claimMapperClassName=org.example.Mapper', /expected "", since classes are not run/],
    ['--mutualSSLConfig.protocolVersions=TLSv1.3', /expected TLSv1\.2 among them/],
  ];
  for (const [flag, problem] of cases) {
    it(flag, () => {
      assert.throws(() => loadConfig(microgatewaySchema, { flags: [flag] }), { name: 'ConfigError', message: problem });
    });
  }

  const sources: [content: string, problem: RegExp][] = [
    [
      '[tokenRevocationConfig.realtime]\nenableRealtimeMessageRetrieval = true\n',
      /^\[tokenRevocationConfig\.realtime\]: jmsConnectionProviderUrl: .*message brokers are not built yet$/,
    ],
    [
      '[tokenRevocationConfig.realtime]\nenableRealtimeMessageRetrieval = true\njmsConnectionProviderUrl = "tcp://me:hush@x"\n',
      /micro-gw\.conf:3: expected|micro-gw\.conf:3: .*message brokers are not built yet$/,
    ],
    [
      '[tokenRevocationConfig.persistent]\nenablePersistentStorageRetrieval = true\ntype = "etcd"\n',
      /micro-gw\.conf:3: tokenRevocationConfig\.persistent\.type: expected "default"/,
    ],
    [
      '[tokenRevocationConfig.persistent]\nenablePersistentStorageRetrieval = true\nhostname = "https://127.0.0.1:2379/v2/keys/jti/"\n',
      /micro-gw\.conf:3: .*hostname: .*etcd is not built yet/,
    ],
  ];
  for (const [content, problem] of sources) {
    it(content.split('\n').slice(1).join(' '), () => {
      for (const schema of [microgatewaySchema, optionsSchema] as const) {
        assert.throws(
          () => loadConfig<typeof microgatewaySchema | typeof optionsSchema>(schema, { file: fileOf(content) }),
          (error: Error) => problem.test(error.message) && !error.message.includes('hush'),
        );
      }
    });
  }
});

it('what has no effect is worth one line each', () => {
  const { warnings } = readConfig(microgatewaySchema, {
    flags: [
      '--httpClients.enableHttp2=false',
      '--analytics.fileUpload.enable=true',
      '--httpClients.disableSslVerification=true',
    ],
  });
  assert.equal(warnings.length, 3);
  assert.match(warnings.join('\n'), /^--httpClients\.disableSslVerification has no effect: certificates of back/m);
});
