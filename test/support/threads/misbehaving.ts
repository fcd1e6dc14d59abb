/** A data-plane thread that listens to nothing and does, when told of a change, what the change's id says. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadData, ToThread } from '../../../src/gateway/data-plane/messages.ts';
import { firstPulseWord } from '../../../src/gateway/shared-state.ts';

const { slot, shared, changes } = workerData as ThreadData;
const control = new Int32Array(shared.control);
setInterval(() => Atomics.add(control, firstPulseWord + slot, 1), 100);

parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'drain') process.exit(0);
  if (message.type === 'collect') {
    // What it was started with, so that a test sees what a replacement knows.
    const counts = changes.map(({ id }) => ({
      api: id,
      version: String(slot),
      counts: new Float64Array(1),
      faults: {},
    }));
    parentPort?.postMessage({ type: 'counts', request: message.request, counts });
  }
  if (message.type !== 'changes') return;
  const order = message.changes[0]?.id;
  if (order === `die ${slot}`) process.exit(3);
  if (order === `throw ${slot}`) throw new Error('as told');
  if (order === `hang ${slot}`) for (;;);
  parentPort?.postMessage({ type: 'applied' });
});
parentPort?.postMessage({ type: 'listening', ports: { http: 1, https: 2, token: null } });
