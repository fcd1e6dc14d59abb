/** Limits that are counted outside of the microgateway, and the validation of bodies: neither is built yet. */
import { boolean, choice, integer, section, tables, text } from '../../../platform/config/schema.ts';
import { jmsOptions } from '../../gateway-options.ts';

const manager = 'limits over several gateways are not built yet; each counts for itself';
const noManager = 'limits over several gateways are not built yet.';
const local = 'limits are counted in shared memory, at once.';
const size = (value: number, description: string) =>
  integer({ default: value, minimum: 0, description, noEffect: noManager });
const threads = 'Threads, or milliseconds, of the publisher.';

export const throttlingOptions = {
  throttlingConfig: section('Limits that are counted over several gateways by a traffic manager.', {
    enabledGlobalTMEventPublishing: boolean({
      default: false,
      description: 'Whether requests are told to a traffic manager.',
      notBuilt: manager,
    }),
    enableHeaderConditions: boolean({
      default: false,
      description: 'Whether it is told the header fields of requests.',
      notBuilt: manager,
    }),
    enableQueryParamConditions: boolean({
      default: false,
      description: 'Whether it is told their query parameters.',
      notBuilt: manager,
    }),
    enableJwtClaimConditions: boolean({
      default: false,
      description: 'Whether it is told the claims of their tokens.',
      notBuilt: manager,
    }),
    jmsConnectionTopic: text({ default: 'throttleData', description: 'Topic of its decisions.', noEffect: noManager }),
    jmsConnectionProviderUrl: text({
      default: "amqp://admin:admin@carbon/carbon?brokerlist='tcp://localhost:5672'",
      secret: true,
      description: 'Message broker of its decisions.',
      noEffect: noManager,
    }),
    ...jmsOptions,
    throttleEndpointUrl: text({
      default: 'https://localhost:9443/endpoints',
      description: 'Its address for events over HTTP.',
      noEffect: noManager,
    }),
    throttleEndpointbase64Header: text({
      default: 'admin:admin',
      secret: true,
      description: 'Credentials there.',
      noEffect: noManager,
    }),
    dataRetriever: section('Key templates and deny rules that are there at the start.', {
      serverUrl: text({
        default: 'https://localhost:9443/internal/data/v1',
        description: 'Where they are.',
        noEffect: 'the event hub has them.',
      }),
      username: text({ default: 'admin', description: 'User there.', noEffect: 'the event hub has them.' }),
      password: text({
        default: 'admin',
        secret: true,
        description: 'Password there.',
        noEffect: 'the event hub has them.',
      }),
    }),
    nodeLocal: section('Threads that count.', {
      processThreadPoolCoreSize: integer({ default: 200, minimum: 0, description: 'At least.', noEffect: local }),
      processThreadPoolMaximumSize: integer({ default: 1000, minimum: 0, description: 'At most.', noEffect: local }),
      processThreadPoolKeepAliveTime: integer({
        default: 200,
        minimum: 0,
        description: 'Seconds after which an idle one ends.',
        noEffect: local,
      }),
      cleanUpFrequency: integer({
        default: 3600,
        minimum: 0,
        description: 'Seconds between removals of old counters.',
        noEffect: local,
      }),
    }),
    binary: section('Events in the binary form of the original.', {
      enabled: boolean({
        default: true,
        description: 'Whether that form is used, rather than HTTP.',
        noEffect: noManager,
      }),
      username: text({ default: 'admin', description: 'User at the traffic manager.', noEffect: noManager }),
      password: text({
        default: 'admin',
        secret: true,
        description: 'Password there.',
        noEffect: noManager,
      }),
      URLGroup: tables(
        section('A group of traffic managers.', {
          receiverURL: text({ default: 'tcp://localhost:9611', description: 'Where events go.', noEffect: noManager }),
          authURL: text({ default: 'ssl://localhost:9711', description: 'Where to log in.', noEffect: noManager }),
          type: choice(['loadbalance', 'failover'], {
            default: 'loadbalance',
            description: 'How several addresses are used.',
            noEffect: noManager,
          }),
        }),
      ),
      publisherPool: section('', { maxIdle: size(1000, threads), initIdleCapacity: size(200, threads) }),
      publisherThreadPool: section('', {
        corePoolSize: size(200, threads),
        maxPoolSize: size(1000, threads),
        keepAliveTime: size(200, threads),
      }),
      agent: section('', {
        protocol: text({ default: 'Binary', description: 'Form of the events.', noEffect: noManager }),
        queueSize: size(32_768, threads),
        batchSize: size(200, threads),
        corePoolSize: size(1, threads),
        maxPoolSize: size(1, threads),
        socketTimeoutMS: size(30_000, threads),
        keepAliveTimeInPool: size(20, threads),
        reconnectionInterval: size(30, threads),
        maxTransportPoolSize: size(250, threads),
        maxIdleConnections: size(250, threads),
        evictionTimePeriod: size(5500, threads),
        minIdleTimeInPool: size(5000, threads),
        secureMaxTransportPoolSize: size(250, threads),
        secureMaxIdleConnections: size(250, threads),
        secureEvictionTimePeriod: size(5500, threads),
        secureMinIdleTimeInPool: size(5000, threads),
        sslEnabledProtocols: text({ default: '', description: 'Versions of TLS.', noEffect: noManager }),
        ciphers: text({ default: '', description: 'Cipher suites.', noEffect: noManager }),
      }),
    }),
  }),
  validationConfig: section('Bodies compared to the definition of the API.', {
    enableRequestValidation: boolean({
      default: false,
      description: 'Whether those of requests are.',
      notBuilt: 'the validation of bodies is not built yet',
    }),
    enableResponseValidation: boolean({
      default: false,
      description: 'Whether those of answers are.',
      notBuilt: 'the validation of bodies is not built yet',
    }),
  }),
};
