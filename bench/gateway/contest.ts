/** Contenders under the same load, in turns: machines drift more from minute to minute than contenders differ. */
import { loadavg } from 'node:os';
import type { Measuring } from './arguments.ts';
import { type Load, type LoadResult, load } from './load/wrk.ts';
import { busyTime, processorTime, residentMemory } from './pinned-process.ts';
import { type Estimate, estimate } from './statistics.ts';

export interface Contender {
  readonly name: string;
  readonly pid: number;
  /** The load of a round; round 0 is the warm-up. */
  readonly load: (round: number) => Load;
  /** What makes it. Default: wrk. */
  readonly by?: (load: Load, round: number) => Promise<LoadResult>;
}

/** A goal: the median of the rounds' ratios is at most this. */
export interface Goal {
  readonly of: string;
  readonly beside: string;
  readonly atMost: number;
}

export interface Contest {
  readonly contenders: readonly Contender[];
  /** Whose processor time the others' is divided by, in the same round. */
  readonly beside: readonly string[];
  readonly goals: readonly Goal[];
  /** Told per MiB of bodies. Default: per request. */
  readonly isAboutBodies?: boolean;
}

/** With these contenders and no others. @throws Error if there is none of a name */
export function among(contest: Contest, names: readonly string[]): Contest {
  const there = contest.contenders.map(({ name }) => name);
  const wrong = names.find((name) => !there.includes(name));
  if (wrong !== undefined) throw new Error(`--contender: expected some of ${there.join(', ')}; got ${wrong}`);
  return { ...contest, contenders: contest.contenders.filter(({ name }) => names.includes(name)) };
}

export interface ContenderResult {
  readonly name: string;
  readonly rounds: readonly number[];
  readonly time: Estimate;
  readonly ratios: readonly ({ readonly beside: string } & Estimate)[];
  /** In each second, as wrk saw it: what the processor that is measured could do. */
  readonly rate: number;
  readonly megabytes: number;
  /** Part of the processor's work meanwhile that was not the contender's: above 0.1 others disturbed the measurement. */
  readonly others: number;
}

export interface ContestResult {
  readonly unit: 'µs/request' | 'µs/MiB';
  readonly contenders: readonly ContenderResult[];
  readonly goals: readonly (Goal & { readonly ratio: Estimate; readonly met: boolean })[];
  /** Processes that wanted to run, a minute's average, at the beginning and at the end; ours are about two of them. */
  readonly load: readonly [number, number];
}

export async function hold(
  contest: Contest,
  { rounds, warmUp, say }: Measuring & { say(line: string): void },
): Promise<ContestResult> {
  const { contenders, isAboutBodies = false } = contest;
  const measured = contenders.map(() => ({ times: [] as number[], rates: [] as number[], others: [] as number[] }));
  const before = loadavg()[0] as number;
  for (const contender of contenders) {
    const first = contender.load(0);
    // A compiler that works while the program runs has much to do at first.
    await (contender.by ?? load)({ ...first, seconds: Math.max(first.seconds, warmUp) }, 0);
  }
  for (let round = 1; round <= rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      // Not always behind the same one.
      const at = (turn + round) % contenders.length;
      const contender = contenders[at] as Contender;
      const from = { busy: busyTime(), used: processorTime(contender.pid) };
      const its = contender.load(round);
      const { requests, bytes, microseconds } = await (contender.by ?? load)(its, round);
      const used = processorTime(contender.pid) - from.used;
      // Answers are counted by their bytes, so that those that the end cut off count as far as they came.
      const sent = its.bodyBytes === undefined ? bytes : requests * its.bodyBytes;
      const amount = isAboutBodies ? sent / 2 ** 20 : requests;
      measured[at]?.times.push(used / amount);
      measured[at]?.rates.push((requests * 1e6) / microseconds);
      // A tick may belong to the one and not yet to the other.
      measured[at]?.others.push(Math.max(0, 1 - used / (busyTime() - from.busy)));
    }
    say(`round ${round} of ${rounds}: ${measured.map(({ times }) => times.at(-1)?.toFixed(1)).join('  ')}`);
  }
  const timesOf = (name: string): number[] => measured[contenders.findIndex((one) => one.name === name)]?.times ?? [];
  const ratio = (name: string, beside: string): Estimate => {
    const others = timesOf(beside);
    return estimate(timesOf(name).map((time, round) => time / (others[round] as number)));
  };
  const has = (name: string): boolean => contenders.some((contender) => contender.name === name);
  return {
    unit: isAboutBodies ? 'µs/MiB' : 'µs/request',
    contenders: contenders.map(({ name, pid }, at) => ({
      name,
      rounds: timesOf(name),
      time: estimate(timesOf(name)),
      ratios: contest.beside.filter(has).map((beside) => ({ beside, ...ratio(name, beside) })),
      rate: estimate(measured[at]?.rates ?? []).median,
      megabytes: residentMemory(pid),
      others: estimate(measured[at]?.others ?? []).median,
    })),
    goals: contest.goals
      .filter(({ of, beside }) => has(of) && has(beside))
      .map((goal) => {
        const its = ratio(goal.of, goal.beside);
        return { ...goal, ratio: its, met: its.median <= goal.atMost };
      }),
    load: [before, loadavg()[0] as number],
  };
}
