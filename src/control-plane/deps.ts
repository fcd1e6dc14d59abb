/** What the operations of the control plane work with. */

import type { PrivateAddresses } from '../adapters/outbound/fetch-outside.ts';
import type { Store } from '../adapters/stores/store.ts';
import type { UserStore } from '../adapters/user-stores/user-store.ts';
import type { Clock } from '../platform/clock.ts';
import type { GatewayIssuer } from '../platform/gateway-issuer.ts';
import type { Log } from '../platform/log.ts';
import type { Seal } from '../platform/seal.ts';
import type { ConnectedGateway } from './connected-gateway.ts';
import type { KeyManager } from './key-manager.ts';
import type { ControlPlaneOptions } from './options.ts';

export interface ControlPlaneDeps {
  readonly store: Store;
  readonly seal: Seal;
  readonly users: UserStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly keyManager: KeyManager;
  /** The gateways whose event streams are open in this process. */
  readonly connectedGateways: () => readonly ConnectedGateway[];
  /** Who certifies gateways that enrol. */
  readonly gatewayIssuer: GatewayIssuer;
  /** Of this listener: `https://localhost:9443`. */
  readonly publicUrl: string;
  /** Where clients reach the gateway: what APIs' addresses begin with. */
  readonly gatewayUrls: { readonly http: string; readonly https: string };
  /** Whether consumer secrets are shown once only (option `tokens.hashClientSecrets`). */
  readonly hashClientSecrets: boolean;
  /** Whether addresses that publishers give may lead into private networks (option `controlPlane.privateAddresses`). */
  readonly privateAddresses: PrivateAddresses;
  readonly workflows: ControlPlaneOptions['workflows'];
  readonly developerPortal: ControlPlaneOptions['developerPortal'];
}

/** Seconds since the epoch. */
export const seconds = (clock: Clock): number => Math.floor(clock.now() / 1000);
