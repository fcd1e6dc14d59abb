/** The gateways that follow this control plane at the moment: ours, the original has no such operation. */
import { type Operation, type Operations, ok } from '../../rest/operation.ts';

const list: Operation = async (_call, { connectedGateways }) => {
  const list = connectedGateways().map(({ since, ...rest }) => ({ ...rest, since: new Date(since).toISOString() }));
  return ok({ count: list.length, list: list.toSorted((a, b) => (a.name < b.name ? -1 : 1)) });
};

export const gateways: Operations = { 'GET /gateways': list };
