/** How a microgateway reaches back ends. */
import { boolean, integer, section, text } from '../../../platform/config/schema.ts';
import { tlsOptions, tlsVersionsProblem } from './listeners.ts';

const always =
  'certificates of back ends are always verified, names included; put an authority of your own into the trust store.';
const proxy = 'proxies for outgoing calls are not built yet';
const oneConnection = '`gateway.backend.offerHttp2` and `http2Origins` say which back ends are called by HTTP/2.';
const limits = 'answers are passed on as they come.';
const stores = 'back ends are verified by `listenerConfig.trustStorePath`.';

export const clientOptions = {
  httpClients: section('Calls to back ends.', {
    verifyHostname: boolean({
      default: true,
      description: 'Whether the name in a certificate must be that of the host.',
      noEffect: always,
    }),
    disableSslVerification: boolean({
      default: false,
      description: 'Whether certificates are believed unseen.',
      noEffect: always,
    }),
    enableHttp2: boolean({ default: true, description: 'Whether to speak HTTP/2.', noEffect: oneConnection }),
    proxy: section('A proxy for outgoing calls.', {
      enable: boolean({ default: false, description: 'Whether to use it.', notBuilt: proxy }),
      enableInternalServices: boolean({
        default: false,
        description: 'Whether calls to the key manager use it too.',
        notBuilt: proxy,
      }),
      host: text({ default: '', description: 'Its host.', noEffect: `${proxy}.` }),
      port: integer({ default: 0, minimum: 0, maximum: 65535, description: 'Its port.', noEffect: `${proxy}.` }),
      username: text({ default: '', description: 'User there.', noEffect: `${proxy}.` }),
      password: text({ default: '', secret: true, description: 'Password there.', noEffect: `${proxy}.` }),
    }),
    poolConfig: section('Connections to back ends.', {
      maxActiveConnections: integer({
        default: -1,
        minimum: -1,
        description:
          'Connections to one back end at most, for each thread; requests beyond wait. -1 is `gateway.backend.maxConnections`.',
      }),
      maxIdleConnections: integer({
        default: 100,
        minimum: 0,
        description: 'Unused connections that are kept.',
        noEffect: 'they are closed after `gateway.backend.idleTimeout`.',
      }),
      waitTimeInMillis: integer({
        default: 30_000,
        minimum: 0,
        description: 'Milliseconds that a request waits for a connection.',
        noEffect: 'it waits for as long as its client.',
      }),
      maxActiveStreamsPerConnection: integer({
        default: 50,
        minimum: -1,
        description: 'Streams of one connection of HTTP/2.',
        noEffect: oneConnection,
      }),
    }),
    sslConfig: section(
      'TLS to back ends.',
      {
        ...tlsOptions,
        keyStorePath: text({ default: '', description: 'Client certificate.', noEffect: 'back ends get none yet.' }),
        keyStorePassword: text({
          default: '',
          secret: true,
          description: 'Password of that store.',
          noEffect: 'back ends get none yet.',
        }),
        trustStorePath: text({ default: '', description: 'Certificates of back ends.', noEffect: stores }),
        trustStorePassword: text({
          default: '',
          secret: true,
          description: 'Password of that store.',
          noEffect: stores,
        }),
      },
      tlsVersionsProblem,
    ),
    responseLimits: section('Answers of back ends.', {
      maxStatusLineLength: integer({
        default: 4096,
        minimum: -1,
        description: 'Bytes of the first line.',
        noEffect: limits,
      }),
      maxHeaderSize: integer({ default: 8192, minimum: -1, description: 'Bytes of the head.', noEffect: limits }),
      maxEntityBodySize: integer({ default: -1, minimum: -1, description: 'Bytes of the body.', noEffect: limits }),
    }),
  }),
};
