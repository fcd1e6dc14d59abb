/** One run: start everything, torment it while it is used, heal it, ask once more, and check. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { formatPosition } from '../../src/core/events.ts';
import { backupRestored, restoreBackup, takeBackup } from './backup.ts';
import { check, type Violation } from './check.ts';
import { Clients } from './clients.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type FaultKind, faultTypes } from './faults.ts';
import { gatewayKinds } from './gateway-node.ts';
import type { History } from './history.ts';
import { randomFrom } from './random.ts';
import { Recorder } from './recorder.ts';
import { schedule } from './schedule.ts';
import { torment } from './torment.ts';

export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly requestsPerSecond: number;
  readonly revocationsPerSecond: number;
  /** Empty = all. */
  readonly kinds: readonly (FaultKind | typeof backupRestored)[];
  /** Changes the sources that the processes run. */
  readonly sabotage?: ((root: string) => void) | undefined;
  /** The folder with logs and data stays, with the history as JSON. */
  readonly keep: boolean;
  readonly say: (line: string) => void;
}

/** Milliseconds after the last fault in which everything has to be known everywhere. */
const healing = 5000;
/** Share of the run after which the backup is taken that is put back at its end. */
const backupAt = 0.6;

export async function runChaos(options: ChaosOptions): Promise<{ history: History; violations: Violation[] }> {
  const { seconds, seed, keep, say } = options;
  const random = randomFrom(seed);
  const chosen = new Set<string>(
    options.kinds.length > 0 ? options.kinds : [...Object.keys(faultTypes), backupRestored],
  );
  const kinds = (Object.keys(faultTypes) as FaultKind[]).filter((kind) => chosen.has(kind));
  const faults = kinds.length > 0 ? schedule(random, seconds, kinds) : [];
  const recorder = new Recorder(gatewayKinds);
  const cluster = await startCluster(recorder, random, options.sabotage).catch((error) => {
    recorder.stop();
    throw error;
  });
  const clients = new Clients(cluster, recorder, random);
  try {
    say(`everything runs, in ${cluster.folder}; ${seconds} s of faults with the seed ${seed}`);
    await clients.prepare();
    clients.start(options);
    const [backup] = await Promise.all([
      chosen.has(backupRestored)
        ? setTimeout(seconds * backupAt * 1000).then(() => takeBackup(cluster, recorder))
        : null,
      torment(cluster, recorder, faults, seconds),
      setTimeout(seconds * 1000),
    ]);
    if (backup) {
      // What is compared is what was refused before and after: everything is known everywhere when it begins.
      await setTimeout(healing);
      await restoreBackup(cluster, recorder, backup);
    }
    await setTimeout(healing);
    await clients.stop();
    say('everything is healed; every token is used once more at every gateway');
    await clients.useAll();
    await askForPositions(cluster, recorder);
    const violations = check(recorder);
    if (keep) writeFileSync(join(cluster.folder, 'history.json'), JSON.stringify(recorder));
    if (clients.skipped > 0) say(`${clients.skipped} requests were left out: too many were under way`);
    return { history: recorder, violations };
  } finally {
    recorder.stop();
    await clients.close();
    await cluster.close(keep);
  }
}

async function askForPositions({ store, gateways }: Cluster, recorder: Recorder): Promise<void> {
  recorder.head = formatPosition(await store.changes.head());
  for (const gateway of gateways) {
    const { position, reloads, gaps, refused } = (await gateway.status()).source;
    recorder.final.push({ gateway: gateway.index, position, reloads, gaps, refused });
  }
}
