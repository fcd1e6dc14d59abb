/** Does the faults of a schedule, each in its time and no two to the same thing at once. */
import type { Cluster } from './cluster.ts';
import { faultTypes, type PlannedFault, type Stage } from './faults.ts';
import type { Recorder } from './recorder.ts';

/**
 * Resolves when all of them were done and undone. Rejects if what was killed does not come back.
 * @param seconds after which those that did not begin are left out, and those that last are ended
 */
export async function torment(
  cluster: Cluster,
  recorder: Recorder,
  faults: readonly PlannedFault[],
  seconds: number,
): Promise<void> {
  const began = recorder.now();
  const left = () => seconds * 1000 - (recorder.now() - began);
  const pause = (seconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(seconds * 1000, left()))));
  const stage: Stage = { cluster, recorder, pause };
  /** The last fault of each target. */
  const last = new Map<string, Promise<void>>();
  await Promise.all(
    faults.map(async (fault) => {
      await pause(fault.at);
      const name = nameOf(cluster, fault);
      const turn = last.get(name) ?? Promise.resolve();
      const done = turn.then(async () => {
        if (left() <= 0) return;
        const end = recorder.fault(fault.kind, name);
        await faultTypes[fault.kind].run(stage, fault);
        end();
      });
      last.set(name, done);
      await done;
    }),
  );
}

function nameOf({ gateways, keyManagers }: Cluster, { kind, target }: PlannedFault): string {
  switch (faultTypes[kind].on) {
    case 'gateway':
    case 'mistreated':
      return gateways[target]?.name ?? '';
    case 'key-manager':
      return keyManagers[target]?.process.name ?? '';
    case 'store':
      return 'PostgreSQL';
  }
}
