/** Whether the control plane asks private addresses for a publisher (option `controlPlane.privateAddresses`). */
import type { PrivateAddresses } from '../adapters/outbound/fetch-outside.ts';
import { isLoopback, type Settings } from './settings.ts';

/** Users who can come from elsewhere may not look around in the network of this machine, unless it is said. */
export function privateAddresses({ controlPlane, server }: Settings['options']): PrivateAddresses {
  if (controlPlane.privateAddresses !== 'auto') return controlPlane.privateAddresses;
  return isLoopback(server.host) ? 'allow' : 'deny';
}
