/** The options of a control plane: what it keeps for gateways and how often it tells them that it lives. */

import { boolean, type Config, choice, integer, section } from '../platform/config/schema.ts';

const controlPlane = section('The control plane.', {
  changeLogRetention: integer({
    default: 24,
    minimum: 1,
    maximum: 8760,
    description: 'Hours that numbered changes are kept. A gateway that was away for longer fetches everything anew.',
  }),
  heartbeat: integer({
    default: 1000,
    minimum: 100,
    maximum: 2000,
    description:
      'Milliseconds between heartbeats to gateways, which tell them the number of the last change. A gateway gives up on a control plane that is silent for 3000.',
  }),
  privateAddresses: choice(['auto', 'allow', 'deny'], {
    default: 'auto',
    description:
      'Whether the control plane itself asks loopback, private, link-local, multicast and similar addresses for a publisher: for a definition that he imports by its URL, and when he asks if an endpoint answers. With `deny` the address that a name stands for is checked, and that one is connected to; calls through the gateway do not depend on it. With `allow` whoever may create APIs can look around in the network of the control plane. `auto` allows it while `server.host` is a loopback address, where all users are on this machine anyhow, and denies it otherwise.',
  }),
});

const executor = (what: string) =>
  choice(['simple', 'approval'], {
    default: 'simple',
    description: `${what} is done at once (\`simple\`), or waits until an administrator approves it (\`approval\`).`,
  });

const workflows = section('What waits for an administrator before it is done.', {
  userSignUp: executor('A sign-up'),
  applicationCreation: executor('The creation of an application'),
  applicationDeletion: executor('The deletion of an application'),
  productionKeys: executor('The making of production keys for an application'),
  sandboxKeys: executor('The making of sandbox keys for an application'),
  subscriptionCreation: executor('A subscription'),
  subscriptionUpdate: executor('The change of the tier of a subscription'),
  subscriptionDeletion: executor('The deletion of a subscription'),
  apiStateChange: executor('A step in the life cycle of an API'),
});

const developerPortal = section('The developer portal.', {
  selfSignUp: boolean({
    default: false,
    description: 'Whether strangers can make accounts for themselves. They get the role `Internal/subscriber`.',
  }),
});

export const controlPlaneOptions = section('', { controlPlane, workflows, developerPortal });

export type ControlPlaneOptions = Config<typeof controlPlaneOptions>;
