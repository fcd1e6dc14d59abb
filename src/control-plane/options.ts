/** The options of a control plane: what it keeps for gateways and how often it tells them that it lives. */

import { type Config, integer, section } from '../platform/config/schema.ts';

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
});

export const controlPlaneOptions = section('', { controlPlane });

export type ControlPlaneOptions = Config<typeof controlPlaneOptions>;
