/**
 * All options: what `--config FILE`, flags and the environment may say. One file configures every role, so each role is
 * started with all of it and reads its own sections. docs/options.md and config/postern.toml are generated from here.
 */

import { controlPlaneOptions } from '../control-plane/options.ts';
import { gatewayOptions } from '../gateway/options.ts';
import { keyManagerOptions } from '../key-manager/options.ts';
import { type Config, choice, section } from '../platform/config/schema.ts';

const log = section('The log: one JSON object a line, on standard error.', {
  level: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'Least severe messages that are logged.',
  }),
});

export const optionsSchema = section('', {
  ...gatewayOptions.properties,
  ...keyManagerOptions.properties,
  // The one section that two roles read: gateways reach the control plane by it, and it keeps its own options in it.
  controlPlane: section('The control plane.', {
    ...gatewayOptions.properties.controlPlane.properties,
    ...controlPlaneOptions.properties.controlPlane.properties,
  }),
  log,
});

export type Options = Config<typeof optionsSchema>;
