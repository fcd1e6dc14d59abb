/** Results, as a person reads them and as a file has them. */
import { cpus, release } from 'node:os';
import type { Measuring } from './arguments.ts';
import type { ContestResult } from './contest.ts';
import { versionOf } from './programs.ts';
import type { Figure } from './scenarios/scenario.ts';
import type { Estimate } from './statistics.ts';

export interface ScenarioResult {
  readonly name: string;
  readonly about: string;
  readonly contest?: ContestResult;
  readonly figures?: readonly Figure[];
  /** Why there is no result. */
  readonly error?: string;
}

export interface Report extends Measuring {
  readonly machine: Readonly<Record<string, string>>;
  readonly scenarios: readonly ScenarioResult[];
}

export function describeMachine(): Record<string, string> {
  const all = cpus();
  const versions = (['haproxy', 'nginx', 'wrk'] as const).map((name) => [name, versionOf(name) ?? 'not here']);
  return {
    processors: `${all.length} x ${all[0]?.model.trim() ?? 'unknown'}`,
    kernel: release(),
    node: process.version,
    ...Object.fromEntries(versions),
  };
}

/** Lines for a terminal of 120 columns. */
export function scenarioText({ name, about, contest, figures, error }: ScenarioResult): string {
  const lines = ['', `${name}: ${about}`];
  if (error !== undefined) lines.push(`  FAILED: ${error}`);
  for (const one of figures ?? []) {
    const goal =
      one.goal === undefined ? '' : `   goal ${shown(one.goal, one.unit)}: ${one.value <= one.goal ? 'met' : 'MISSED'}`;
    lines.push(`  ${one.name.padEnd(36)}${shown(one.value, one.unit).padStart(10)}${goal}`);
  }
  if (contest) lines.push(...contestLines(contest));
  return lines.join('\n');
}

function contestLines({ unit, contenders, goals, load }: ContestResult): string[] {
  const lines = [`  ${''.padEnd(36)}${unit.padStart(10)}  95 %            requests/s     MB others  ratio`];
  for (const { name, time, rate, megabytes, others, ratios } of contenders) {
    const beside = ratios.filter((ratio) => ratio.beside !== name).map((ratio) => `${range(ratio)} of ${ratio.beside}`);
    lines.push(
      `  ${name.padEnd(36)}${time.median.toFixed(1).padStart(10)}  ${`${time.low.toFixed(1)}-${time.high.toFixed(1)}`.padEnd(16)}` +
        `${rate.toFixed(0).padStart(10)}${megabytes.toFixed(0).padStart(7)}${`${(100 * others).toFixed(0)} %`.padStart(7)}  ${beside.join(', ')}`,
    );
  }
  for (const { of, beside, atMost, ratio, met } of goals) {
    lines.push(`  goal: ${of} at most ${atMost} x ${beside}: ${met ? 'met' : 'MISSED'} with ${range(ratio)}`);
  }
  lines.push(`  load of the machine: ${load.map((one) => one.toFixed(1)).join(' to ')}`);
  return lines;
}

const range = ({ median, low, high }: Estimate): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;

const decimals = { MB: 0, s: 3, ms: 2 } as const;

const shown = (value: number, unit: Figure['unit']): string => `${value.toFixed(decimals[unit])} ${unit}`;
