/**
 * All options: what `--config FILE`, flags and the environment may say. One file configures every role, so each role is
 * started with all of it and reads its own sections. docs/options.md and config/postern.toml are generated from here.
 */

import { storeOptions } from '../adapters/stores/options.ts';
import { userStoreOptions } from '../adapters/user-stores/options.ts';
import { controlPlaneOptions } from '../control-plane/options.ts';
import { gatewayOptions } from '../gateway/options.ts';
import { keyManagerOptions } from '../key-manager/options.ts';
import { type Config, section } from '../platform/config/schema.ts';
import { keyManagerOptions as gatewayKeyManagerOptions, tokenRevocationOptions } from './gateway-options.ts';
import { logOptions } from './log-options.ts';

export const optionsSchema = section('', {
  ...gatewayOptions.properties,
  ...keyManagerOptions.properties,
  ...controlPlaneOptions.properties,
  // The one section that two roles read: gateways reach the control plane by it, and it keeps its own options in it.
  controlPlane: section('The control plane.', {
    ...gatewayOptions.properties.controlPlane.properties,
    ...controlPlaneOptions.properties.controlPlane.properties,
  }),
  keyManager: gatewayKeyManagerOptions,
  tokenRevocationConfig: tokenRevocationOptions,
  store: storeOptions,
  userStores: userStoreOptions,
  log: logOptions,
});

export type Options = Config<typeof optionsSchema>;
