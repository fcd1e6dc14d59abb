/** Where a microgateway listens, and how its listeners speak. */

import { boolean, choice, integer, list, port, section, tables, text } from '../../../platform/config/schema.ts';
import { authConfigOptions } from '../../gateway-options.ts';

const tlsVersions = 'TLSv1.2,TLSv1.1';

/** We speak 1.2 and 1.3; who wants less or only more is told so. */
export function tlsVersionsProblem({ protocolVersions }: { readonly protocolVersions: string }): string | undefined {
  return protocolVersions.split(',').some((version) => version.trim() === 'TLSv1.2')
    ? undefined
    : 'protocolVersions: expected TLSv1.2 among them: 1.2 and 1.3 are always on, and nothing older';
}

const tlsFixed = 'TLS 1.2 and 1.3 are spoken, with the ciphers that Node thinks safe.';

export const tlsOptions = {
  protocolName: text({ default: 'TLS', description: 'Family of protocols.', noEffect: tlsFixed }),
  protocolVersions: text({
    default: tlsVersions,
    description:
      'Versions of TLS, separated by commas. What is older than 1.2 is never spoken; 1.2 and 1.3 always are.',
  }),
  ciphers: text({ default: '', description: 'Cipher suites.', noEffect: tlsFixed }),
} as const;

export const listenerOptions = {
  listenerConfig: section('The listeners, and the key and trust stores.', {
    host: text({
      default: '127.0.0.1',
      description:
        'Address to listen on. `0.0.0.0`, the default of the original, is every IPv4 address: what a container needs.',
    }),
    httpPort: port({ default: 9090, description: 'Port for HTTP. 0 takes a free one.' }),
    httpsPort: port({ default: 9095, description: 'Port for HTTPS. 0 takes a free one.' }),
    tokenListenerPort: port({
      default: 9096,
      description: 'Port for HTTPS that has the token endpoints and nothing else. 0 takes a free one.',
    }),
    keyStorePath: text({
      default: '',
      formerly: ['listenerConfig.keyStore.path'],
      description:
        'Certificate and key of the HTTPS listeners: PEM (certificates and key in one file) or PKCS#12, relative to the configuration file. Empty, or the bundled store of the original, is the certificate that Postern makes in its data folder.',
    }),
    keyStorePassword: text({
      default: '',
      secret: true,
      formerly: ['listenerConfig.keyStore.password'],
      description: 'Password of the key store.',
    }),
    trustStorePath: text({
      default: '',
      formerly: ['listenerConfig.trustStore.path'],
      description:
        'Certificates that are believed in: of issuers, by their alias; of key managers and back ends, besides those of the system and of the data folder. PEM (a file or a folder), PKCS#12 or JKS, relative to the configuration file. Empty, or the bundled store of the original, is none.',
    }),
    trustStorePassword: text({
      default: '',
      secret: true,
      formerly: ['listenerConfig.trustStore.password'],
      description: 'Password of the trust store.',
    }),
    keepAlive: choice(['AUTO', 'ALWAYS', 'NEVER'], {
      default: 'AUTO',
      description: 'Whether connections are kept after an answer.',
      noEffect: 'they are kept as HTTP says (`gateway.keepAliveTimeout`).',
    }),
    maxPipelinedRequests: integer({
      default: 10,
      minimum: 0,
      description: 'Requests of one connection that may wait for their answers.',
      noEffect: 'a connection carries one exchange at a time; what comes early waits in the system’s buffers.',
    }),
    maxUriLength: integer({
      default: 4096,
      minimum: 256,
      maximum: 1_048_576,
      description: 'Length of a request target at most, in bytes. A longer one is refused with 414.',
    }),
    maxHeaderSize: integer({
      default: 8192,
      minimum: 1024,
      maximum: 1_048_576,
      description: 'Size of a request head at most, in bytes. A larger one is refused with 431.',
    }),
    maxEntityBodySize: integer({
      default: -1,
      minimum: -1,
      description: 'Size of a request body at most, in bytes. -1 is no limit.',
      notBuilt: 'a limit of bodies is not built yet',
    }),
  }),
  authConfig: authConfigOptions,
  http2: section('HTTP/2.', {
    enable: boolean({
      default: true,
      description: 'Whether the listeners speak HTTP/2. With `gateway.wire` = `node` they don’t.',
    }),
  }),
  mutualSSLConfig: section(
    'Client certificates. Listeners ask for one if an API accepts any; each API says whether it needs one.',
    {
      ...tlsOptions,
      sslVerifyClient: choice(['optional', 'require'], {
        default: 'optional',
        description: 'Whether each client must show a certificate.',
        notBuilt: 'each API says by itself whether it needs one (x-wso2-mutual-ssl)',
      }),
      certificateHeaderName: text({
        default: 'X-WSO2-CLIENT-CERTIFICATE',
        description:
          'Header field in which a proxy before the gateway passes the client certificate on: PEM (also percent-encoded, or its line ends blanks), or base64 of PEM or DER. It counts only from `gateway.clientCertificate.trustedProxies`, and no back end ever gets it.',
      }),
      isClientCertificateValidationEnabled: boolean({
        default: true,
        description: 'Whether the certificate of the connection is verified when that field is there.',
        noEffect: 'proxies are known by their addresses, `gateway.clientCertificate.trustedProxies`.',
      }),
      api: section('', {
        certificates: tables(
          section('The client certificates that an API accepts.', {
            name: text({ default: '', description: 'Title of the API.' }),
            version: text({ default: '', description: 'Its version.' }),
            aliasList: list({
              default: [],
              description:
                'Aliases of the certificates in the trust store. That of an authority lets in whom it has issued one.',
            }),
          }),
        ),
      }),
    },
    tlsVersionsProblem,
  ),
};
