/** What is revoked from here on overtakes the request, whatever it is told before it ends. */
import type { Step } from '../call.ts';

export const rememberBeginning: Step = async (call, km) => {
  call.began = await km.store.head();
};
