/**
 * Several sources of the same changes, in the order in which they are preferred: when the one that is followed fails or
 * falls silent, the next one is followed from the same position.
 */
import type { ChangeSource, EventReceiver, Following } from './source.ts';

/** Milliseconds before the first is tried again when all have failed. */
const pause = 200;

/**
 * @param sources at least one; they tell the same history (the nodes of one control plane), so that a position is the
 *   same place in each
 */
export function severalSources(sources: readonly ChangeSource[]): ChangeSource {
  const [first] = sources;
  if (!first) throw new Error('a source is needed');
  if (sources.length === 1) return first;
  /** The one that was last known to be good, or is tried. */
  let current = 0;
  const at = (): ChangeSource => sources[current] as ChangeSource;
  const next = (): void => {
    current = (current + 1) % sources.length;
  };
  return {
    get name() {
      return at().name;
    },
    follow(position, receiver) {
      let following: Following | null = null;
      let stopped = false;
      const begin = (): void => {
        const own: EventReceiver = {
          connected: () => following === mine && receiver.connected(),
          events: (events) => following === mine && receiver.events(events),
          disconnected(reason) {
            if (stopped || following !== mine) return;
            receiver.disconnected(reason);
            // It would be tried again, but another one may be there now.
            following.stop();
            next();
            following = null;
            // Not within the call: a source tells its failure before it is done with it.
            setTimeout(() => !stopped && begin(), current === 0 ? pause : 0);
          },
        };
        const mine = at().follow(position, own);
        following = mine;
      };
      begin();
      return {
        restart: (reason) => following?.restart(reason),
        stop() {
          stopped = true;
          following?.stop();
        },
      };
    },
    async snapshot() {
      for (let tries = 1; ; tries++) {
        const asked = current;
        const failed = (): void => {
          if (current === asked) next();
        };
        try {
          const { header, entities } = await at().snapshot();
          return { header, entities: noticing(entities, failed) };
        } catch (error) {
          failed();
          if (tries === sources.length) throw error;
        }
      }
    },
    close() {
      for (const source of sources) source.close();
    },
  };
}

/** Whoever breaks off half way is not the first to be asked next time. */
async function* noticing<T>(entities: AsyncIterable<T>, failed: () => void): AsyncGenerator<T> {
  try {
    yield* entities;
  } catch (error) {
    failed();
    throw error;
  }
}
