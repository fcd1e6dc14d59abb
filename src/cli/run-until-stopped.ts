/** Runs one role in this process until SIGTERM or SIGINT. */

export interface Running {
  /** Lines to print: what listens where. */
  readonly addresses: readonly string[];
  stop(): Promise<void>;
}

export async function runUntilStopped<R extends Running>(
  start: () => Promise<R>,
  describe: (running: R) => readonly string[],
): Promise<void> {
  const running = await start();
  for (const line of describe(running)) process.stdout.write(`${line}\n`);
  process.stdout.write(`postern ready in ${(performance.now() / 1000).toFixed(2)} s\n`);
  await stopSignal();
  await running.stop();
  process.exit(0);
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve();
      });
    }
  });
}
