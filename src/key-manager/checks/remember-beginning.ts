/** What is revoked from here on overtakes the request, whatever it is told before it ends. */
import { newestNumber } from '../../adapters/stores/revocations.ts';
import type { Step } from '../call.ts';

export const rememberBeginning: Step = async (call, km) => {
  call.beganAt = await newestNumber(km.store.db);
};
