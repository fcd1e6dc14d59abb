/**
 * Opens the gate when everything that the source has was applied, by the threads too; with a copy on disk at the latest when no source has
 * told anything for `startupWait` milliseconds. With neither it stays shut until the source comes.
 */
import type { DataPlane } from './data-plane.ts';
import type { Follower } from './follower.ts';
import type { Gate } from './gate.ts';

/** Milliseconds between looks whether something came. */
const lookEvery = 50;

/**
 * @param follower null = there is no source
 * @param copied there is a copy that can be served from
 */
export async function openWhenLoaded(
  gate: Gate,
  follower: Follower | null,
  dataPlane: Pick<DataPlane, 'settled'>,
  copied: boolean,
  startupWait: number,
): Promise<void> {
  if (follower) {
    const watch = copied ? watchSilence(follower, startupWait) : null;
    await Promise.race([follower.caughtUp, ...(watch ? [watch.tooLong] : [])]);
    watch?.stop();
  }
  await dataPlane.settled();
  gate.open();
}

/** A source that is there is waited for, however much it has to tell; one that tells nothing is none. */
function watchSilence(follower: Follower, limit: number): { tooLong: Promise<void>; stop: () => void } {
  const { promise: tooLong, resolve } = Promise.withResolvers<void>();
  if (limit === 0) resolve();
  let came = follower.came;
  let silent = 0;
  let last = performance.now();
  const timer = setInterval(
    () => {
      const now = performance.now();
      silent = follower.came === came ? silent + now - last : 0;
      came = follower.came;
      last = now;
      if (silent >= limit) resolve();
    },
    Math.min(lookEvery, Math.max(1, limit)),
  );
  return { tooLong, stop: () => clearInterval(timer) };
}
