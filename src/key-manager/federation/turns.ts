/** A flood of made-up answers must not become one of requests to a provider: some are looked at at a time, and some wait. */
import { type Bounded, bounded } from '../../adapters/user-stores/bounded.ts';
import type { Clock } from '../../platform/clock.ts';

/** Of each provider, so that one that is slow holds up nobody at another. */
const bounds = { running: 20, waiting: 100, patience: 10_000 };

/** @param provider its id */
export type Turns = (provider: string) => Bounded;

export function openTurns(clock: Clock): Turns {
  const all = new Map<string, Bounded>();
  return (provider) => {
    const turn = all.get(provider) ?? bounded(bounds, clock);
    all.set(provider, turn);
    return turn;
  };
}
