/** Which faults happen when: all of it follows from the seed. */
import { type FaultKind, faultTypes, type PlannedFault } from './faults.ts';
import { gatewayKinds } from './gateway-node.ts';
import type { Random } from './random.ts';

/** Seconds without faults at the beginning and at the end. */
const before = 2;
const after = 3;
/** Seconds between two faults, and a calm now and then in which everything heals. */
const gap = { min: 0.3, max: 2 };
const calm = { every: 12, lasts: 6 };

/** @param kinds those that this machine can do */
export function schedule(random: Random, seconds: number, kinds: readonly FaultKind[]): PlannedFault[] {
  const faults: PlannedFault[] = [];
  // Each kind once before any comes again, so that a short run has them all.
  let left: FaultKind[] = [];
  let sinceCalm = 0;
  for (let at = before; at < seconds - after; ) {
    if (left.length === 0) left = [...kinds];
    const [kind] = left.splice(random.whole(left.length), 1) as [FaultKind];
    faults.push({ at, kind, target: targetOf(kind, random), lasts: random.between(0.5, 5), variant: random.next() });
    const wait = random.between(gap.min, gap.max);
    at += wait;
    sinceCalm += wait;
    if (sinceCalm < calm.every) continue;
    at += calm.lasts;
    sinceCalm = 0;
  }
  return faults;
}

function targetOf(kind: FaultKind, random: Random): number {
  const gateways = [...gatewayKinds.keys()];
  switch (faultTypes[kind].on) {
    case 'gateway':
      return random.pick(gateways);
    case 'mistreated':
      return random.pick(gateways.filter((index) => gatewayKinds[index]?.mistreated));
    case 'key-manager':
      return random.whole(2);
    case 'store':
      return 0;
  }
}
