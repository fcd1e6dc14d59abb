/** The client has not been put out of use. */
import type { Step } from '../call.ts';
import { refusal } from './authenticate-client.ts';

export const requireActiveClient: Step = ({ client }, km) => {
  if (client.state !== 'ACTIVE') throw refusal(km, 'the client is not active');
};
