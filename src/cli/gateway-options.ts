/**
 * Sections that every gateway understands, whether it is configured by `postern.toml` or by `micro-gw.conf`: those of
 * the gateway itself, and keys of the original beside them.
 */
import { type GatewayOptions, gatewayOptions } from '../gateway/options.ts';
import { boolean, type Config, section, text } from '../platform/config/schema.ts';

export const authConfigOptions = gatewayOptions.properties.authConfig;

const { keyManager } = gatewayOptions.properties;
const { security } = keyManager.properties;
const { basic, oauth2 } = security.properties;

/** `[keyManager]` and `[keymanager.security.*]`. */
export const keyManagerOptions = section(
  keyManager.description,
  {
    ...keyManager.properties,
    enableLegacyMode: boolean({
      default: false,
      description: 'Whether opaque tokens are validated by the SOAP service of old key managers.',
      notBuilt: 'opaque tokens are introspected (RFC 7662)',
    }),
    remoteUserClaimRetrievalEnabled: boolean({
      default: false,
      description: 'Whether claims about the user are fetched from the key manager for the back end.',
      notBuilt: 'claims for back ends are not built yet',
    }),
    external: boolean({
      default: false,
      description: 'Whether the key manager is asked by introspection.',
      noEffect: 'every key manager is.',
    }),
    enableIntrospectForFailedJWT: boolean({
      default: false,
      description: 'Whether a JWT that could not be verified is introspected.',
      noEffect: 'such a token is refused.',
    }),
    security: section(security.description, {
      ...security.properties,
      basic: section(basic.description, {
        ...basic.properties,
        username: { ...basic.properties.username, formerly: ['keyManager.username'] },
        password: { ...basic.properties.password, formerly: ['keyManager.password'] },
      }),
      oauth2: section(
        oauth2.description,
        {
          ...oauth2.properties,
          tokenUrl: text({
            default: '',
            description:
              'Address of the token endpoint. Empty is that of the key manager, `serverUrl/tokenContext/token`.',
          }),
        },
        (values) => oauth2.problem?.({ ...values, tokenUrl: values.tokenUrl || 'the key manager’s' } as never),
      ),
    }),
  },
  ({ serverUrl }) => (URL.parse(serverUrl)?.protocol === 'https:' ? undefined : 'serverUrl: expected an https address'),
);

/** An address that `[tokenRevocationConfig]` enables as a source, and the option that names it. */
export interface RevocationSource {
  readonly url: string;
  readonly option: string;
}

export function revocationSources({ realtime, persistent }: Config<typeof tokenRevocationOptions>): RevocationSource[] {
  const sources: RevocationSource[] = [];
  if (realtime.enableRealtimeMessageRetrieval) {
    const option = 'tokenRevocationConfig.realtime.jmsConnectionProviderUrl';
    sources.push({ url: realtime.jmsConnectionProviderUrl, option });
  }
  if (persistent.enablePersistentStorageRetrieval) {
    sources.push({ url: persistent.endpointURL, option: 'tokenRevocationConfig.persistent.endpointURL' });
  }
  return sources;
}

/** The options of the key manager with the token endpoint that they leave out. */
export function withTokenUrl<T extends GatewayOptions['keyManager']>(keyManager: T): T {
  const { serverUrl, tokenContext, security } = keyManager;
  const tokenUrl = security.oauth2.tokenUrl || `${serverUrl.replace(/\/$/, '')}/${tokenContext}/token`;
  return { ...keyManager, security: { ...security, oauth2: { ...security.oauth2, tokenUrl } } };
}

/** Whether an address is that of the event hub of a control plane. */
export function isHubAddress(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'https:' && !/\/v\d\/keys\b/.test(url);
}

const jmsUnused = 'the event hub needs none of it.';
const jmsUrl = "amqp://admin:admin@carbon/carbon?brokerlist='tcp://localhost:5672'";

export const jmsOptions = {
  jmsConnectioninitialContextFactory: text({
    default: 'wso2mbInitialContextFactory',
    description: 'Java class that connects to the message broker.',
    noEffect: jmsUnused,
  }),
  jmsConnectionUsername: text({ default: '', description: 'User at the message broker.', noEffect: jmsUnused }),
  jmsConnectionPassword: text({
    default: '',
    secret: true,
    description: 'Password at the message broker.',
    noEffect: jmsUnused,
  }),
} as const;

/** `[tokenRevocationConfig.*]`: where revocations come from. Both halves come from one event hub. */
export const tokenRevocationOptions = section('Where revocations come from.', {
  realtime: section(
    'Revocations as they happen.',
    {
      enableRealtimeMessageRetrieval: boolean({ default: false, description: 'Whether to receive them.' }),
      jmsConnectionTopic: text({
        default: 'tokenRevocation',
        description: 'Topic at the message broker.',
        noEffect: jmsUnused,
      }),
      jmsConnectionProviderUrl: text({
        default: jmsUrl,
        // The URL of a broker has its password in it.
        secret: true,
        description:
          'Address of the source: `https://host:port` is the event hub of a control plane. Message brokers are not built yet.',
      }),
      ...jmsOptions,
    },
    ({ enableRealtimeMessageRetrieval, jmsConnectionProviderUrl }) =>
      enableRealtimeMessageRetrieval && !isHubAddress(jmsConnectionProviderUrl)
        ? 'jmsConnectionProviderUrl: expected the https address of a control plane, whose event hub sends revocations; message brokers are not built yet'
        : undefined,
  ),
  persistent: section(
    'Revocations that happened while the gateway was away.',
    {
      enablePersistentStorageRetrieval: boolean({ default: false, description: 'Whether to fetch them.' }),
      type: text({
        default: 'default',
        description:
          'Kind of the source. `default` is the event hub of a control plane; `etcd` and `custom` are not built yet.',
      }),
      useDefault: boolean({
        default: true,
        description: 'Of 3.0: whether the source is etcd, rather than one of the user’s own.',
        noEffect: '`type` says which source it is.',
      }),
      endpointURL: text({
        default: 'https://localhost:9443/internal/data/v1',
        formerly: ['tokenRevocationConfig.persistent.hostname'],
        description: 'Address of the source: that of the control plane, the path is not needed.',
      }),
      username: text({
        default: '',
        description: 'User at the source.',
        noEffect: 'the event hub knows a gateway by its certificate.',
      }),
      password: text({
        default: '',
        secret: true,
        description: 'Password at the source.',
        noEffect: 'the event hub knows a gateway by its certificate.',
      }),
    },
    ({ enablePersistentStorageRetrieval, type, endpointURL }) => {
      if (!enablePersistentStorageRetrieval) return undefined;
      if (type !== 'default')
        return `type: expected "default", the event hub of a control plane; others are not built yet`;
      return isHubAddress(endpointURL)
        ? undefined
        : 'endpointURL: expected the https address of a control plane; etcd is not built yet';
    },
  ),
});
