/** Runs one role in this process until SIGTERM or SIGINT. */

export interface Running {
  /** Lines to print: what listens where. */
  readonly addresses: readonly string[];
  /** Resolves when it does its work; until then, what it waits for. */
  readonly ready?: Promise<void>;
  readonly waitsFor?: string;
  stop(): Promise<void>;
}

/** Milliseconds before it is said what a process waits for. */
const patience = 1000;

export async function runUntilStopped(start: () => Promise<Running>): Promise<void> {
  const running = await start();
  for (const line of running.addresses) process.stdout.write(`${line}\n`);
  const stopped = stopSignal();
  const waiting = setTimeout(() => process.stdout.write(`postern waits for ${running.waitsFor}\n`), patience);
  const ready = Promise.resolve(running.ready).then(() => true);
  if (await Promise.race([ready, stopped])) {
    process.stdout.write(`postern ready in ${(performance.now() / 1000).toFixed(2)} s\n`);
  }
  clearTimeout(waiting);
  await stopped;
  await running.stop();
  process.exit(0);
}

/** Resolves at the first SIGTERM or SIGINT; one that comes more than a second later ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked: number | null = null;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        // The first may come twice, from a terminal and from whoever passes signals on.
        if (asked !== null && performance.now() - asked > 1000) process.exit(1);
        asked ??= performance.now();
        resolve();
      });
    }
  });
}
