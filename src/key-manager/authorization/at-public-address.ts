/**
 * A browser that comes through a gateway goes on at the key manager's own address: what it is remembered by belongs to that
 * host, and forms are sent there.
 */
import type { Step } from '../call.ts';
import { requestQuery } from './read-request.ts';

export const atPublicAddress: Step = (call, km) => {
  if (!km.isEnrolledGateway(call.request)) return;
  const { publicUrl } = km.options;
  call.reply
    .code(303)
    .header('location', `${publicUrl}/oauth2/authorize?${requestQuery(call)}`)
    .send();
};
