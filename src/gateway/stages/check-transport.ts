/** Does the API answer over HTTP and HTTPS alike, or over one of them only? */
import { fault, faults } from '../../core/faults.ts';
import type { StageFactory } from '../stage.ts';

export const checkTransport: StageFactory = (_resource, { api }) => {
  const { transports } = api;
  if (!transports || (transports.includes('http') && transports.includes('https'))) return null;
  const others = transports.length === 0 ? 'no transport' : transports.join(' and ').toUpperCase();
  const name = `${api.name} ${api.version}`.trim();
  const refusal = fault(faults.transportDisabled, `The API ${name} answers over ${others} only.`);
  return ({ wire }) => (transports.includes(wire.secure ? 'https' : 'http') ? undefined : refusal);
};
