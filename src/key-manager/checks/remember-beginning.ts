/** What is revoked from here on overtakes the request, whatever it is told before it ends. */
import { headNumber } from '../../adapters/stores/change-log.ts';
import type { Step } from '../call.ts';

export const rememberBeginning: Step = async (call, km) => {
  call.beganAt = await headNumber(km.store.db);
};
