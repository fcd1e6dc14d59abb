/** What a microgateway gets from a control plane. */
import { boolean, list, section, text } from '../../../platform/config/schema.ts';

const byCertificate = 'the event hub knows a gateway by its certificate.';

export const controlPlaneOptions = {
  apim: section('', {
    eventHub: section(
      'The event hub of a control plane: revocations, applications, consumer keys, subscriptions and policies, within milliseconds.',
      {
        enable: boolean({
          default: null,
          description:
            'Whether to follow it. Not set is whether there is no configuration file and the data folder is that of `postern start`, which is followed where it listens.',
        }),
        serviceUrl: text({
          default: '',
          description: 'Address of the control plane, `https://host:port`. Empty is `keyManager.serverUrl`.',
        }),
        otherServiceUrls: list({
          default: [],
          description:
            'Other nodes of the same control plane (one store), in the order in which they are tried when the one that is followed fails or is silent for 3 s.',
        }),
        internalDataContext: text({
          default: '/internal/data/v1/',
          description: 'Where on it the hub is.',
          notBuilt: 'a control plane has its hub nowhere else',
        }),
        username: text({ default: 'admin', description: 'User at the hub.', noEffect: byCertificate }),
        password: text({
          default: 'admin',
          secret: true,
          description: 'Password at the hub.',
          noEffect: byCertificate,
        }),
        eventListeningEndpoints: text({
          default: "amqp://admin:admin@carbon/carbon?brokerlist='tcp://localhost:5672'",
          secret: true,
          description: 'Message brokers that send events.',
          noEffect: 'the hub itself sends them.',
        }),
      },
      ({ serviceUrl }) =>
        serviceUrl === '' || (URL.canParse(serviceUrl) && new URL(serviceUrl).protocol === 'https:')
          ? undefined
          : 'serviceUrl: expected an https address',
    ),
    credentials: section('An account at the control plane.', {
      username: text({ default: 'admin', description: 'User.', noEffect: byCertificate }),
      password: text({ default: 'admin', secret: true, description: 'Password.', noEffect: byCertificate }),
    }),
  }),
};
