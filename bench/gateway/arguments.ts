/** How the benchmark is called. */
import { parseArgs } from 'node:util';
import { scenarios } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';

/** It was called in a way that it does not understand; the message says what was expected, and how it is called. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export interface Measuring {
  /** After the warm-up. */
  readonly rounds: number;
  /** Of a round, for each contender. */
  readonly seconds: number;
  /** Seconds of load, for each contender, before the first round. */
  readonly warmUp: number;
}

export interface BenchOptions extends Measuring {
  readonly scenarios: readonly Scenario[];
  /** Their names; null = all of a scenario. */
  readonly contenders: readonly string[] | null;
  /** Folder of the results. */
  readonly out: string;
}

export const usage = `npm run bench -- [options]

  Measures the gateway beside its peers: processor time, memory, time to ready.

  --scenario A,B   only these: ${scenarios.map(({ name }) => name).join(', ')}
  --contender A,B  only these of each scenario, as its results call them: "postern (SQLite)" alone is one that nobody interrupts
  --rounds N       rounds (default: 15)
  --seconds N      seconds of a round, for each contender (default: 2)
  --warm-up N      seconds of load, for each contender, before the first round (default: 8)
  --quick          2 rounds of 1 s of the first scenario: only whether it runs
  --out FOLDER     where gateway.json and gateway.svg go (default: dist/bench)
  --help           prints this
`;

/** null = it is to print its usage. @throws UsageError */
export function readArguments(args: readonly string[]): BenchOptions | null {
  const { help, quick: isQuick, out, contender, ...given } = parse(args);
  if (help) return null;
  const quick = isQuick ? { scenario: 'cached-jwt', rounds: '2', seconds: '1', 'warm-up': '1' } : {};
  const {
    scenario,
    rounds = '15',
    seconds = '2',
    'warm-up': warmUp = '8',
  }: Partial<Record<string, string>> = {
    ...quick,
    ...given,
  };
  return {
    scenarios: scenario === undefined ? scenarios : scenario.split(',').map(named),
    contenders: contender?.split(',').map((name) => name.trim()) ?? null,
    rounds: number('rounds', rounds),
    seconds: number('seconds', seconds),
    warmUp: number('warm-up', warmUp),
    out,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string' },
        contender: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        'warm-up': { type: 'string' },
        quick: { type: 'boolean', default: false },
        out: { type: 'string', default: 'dist/bench' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw problem((error as Error).message);
  }
}

/** wrk counts whole seconds, and there is no median of no rounds. */
function number(name: string, text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw problem(`--${name}: expected a whole number from 1 to 9999, got ${text}`);
}

function named(name: string): Scenario {
  const scenario = scenarios.find((one) => one.name === name.trim());
  if (scenario) return scenario;
  throw problem(`--scenario: expected ${scenarios.map((one) => one.name).join(', ')}; got ${name}`);
}

const problem = (what: string): UsageError => new UsageError(`${what}\n\n${usage}`);
