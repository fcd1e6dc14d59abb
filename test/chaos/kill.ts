/** kill -9 of what gateways depend on, and its return. */
import { basic, postForm } from '../support/call.ts';
import type { KeyManagerNode } from './cluster.ts';
import type { PlannedFault, Stage } from './faults.ts';

/** Seconds that a key manager is given to come back: it may find its store down. */
const patience = 60;
/** Milliseconds in which it answers when it is there again. Before, a cold process has its hands full with those who wait. */
const prompt = 250;

export async function killKeyManager(stage: Stage, { target, lasts }: PlannedFault): Promise<void> {
  const { cluster, recorder, pause } = stage;
  const keyManager = cluster.keyManagers[target] as KeyManagerNode;
  const node = keyManager.process;
  const ends = cluster.gateways.flatMap(({ index, paths }) =>
    paths.flatMap(({ keyManager }, source) =>
      keyManager === target ? [recorder.outage(index, source, 'broken')] : [],
    ),
  );
  await node.kill();
  await pause(lasts);
  const began = recorder.now();
  for (;;) {
    try {
      await node.start();
      break;
    } catch (error) {
      // As whatever supervises it would: again, in a while.
      await node.kill();
      if (recorder.now() - began > patience * 1000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  await answersPromptly(keyManager);
  for (const end of ends) end();
}

export async function killPostgresql({ cluster, recorder, pause }: Stage, { lasts }: PlannedFault): Promise<void> {
  // A key manager without its store falls silent.
  const ends = cluster.gateways.flatMap(({ index, paths }) =>
    paths.map((_path, source) => recorder.outage(index, source, 'silent')),
  );
  await cluster.postgresql.end('SIGKILL');
  await pause(lasts);
  await cluster.postgresql.start();
  await Promise.all(cluster.keyManagers.map(answersPromptly));
  for (const end of ends) end();
}

/** Resolves when a request that needs the store is answered soon; at once if the process is down, which is another fault. */
export async function answersPromptly({ process, url }: KeyManagerNode): Promise<void> {
  while (process.isReady) {
    const asked = performance.now();
    const answer = await postForm(
      `${url}/oauth2/token`,
      { grant_type: 'client_credentials' },
      basic('nobody', 'x'),
    ).catch(() => null);
    if (answer?.status === 401 && performance.now() - asked < prompt) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
