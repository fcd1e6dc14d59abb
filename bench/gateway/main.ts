/** `npm run bench`: the gateway beside its peers (docs/performance.md). Ends with 1 if a scenario found a wrong answer. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchOptions, type Measuring, readArguments, UsageError, usage } from './arguments.ts';
import { chart } from './chart.ts';
import { among, hold } from './contest.ts';
import { obstacle } from './programs.ts';
import { describeMachine, type Report, type ScenarioResult, scenarioText } from './report.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { openStand } from './stand.ts';

try {
  const options = readArguments(process.argv.slice(2));
  if (options) await bench(options);
  else console.log(usage);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`npm run bench: ${error.message}`);
  process.exitCode = 2;
}

async function bench({ scenarios, contenders, out, ...measuring }: BenchOptions): Promise<void> {
  const reason = obstacle();
  if (reason !== null) throw new UsageError(reason);
  const machine = describeMachine();
  for (const [what, which] of Object.entries(machine)) console.log(`${what}: ${which}`);
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const result = await run(scenario, contenders, measuring);
    console.log(scenarioText(result));
    if (result.error !== undefined) process.exitCode = 1;
    results.push(result);
    // After each, so that what was measured is there whatever happens later.
    write(out, { machine, ...measuring, scenarios: results });
  }
  console.log(`\nwritten to ${out}: gateway.json, gateway.svg`);
}

async function run(scenario: Scenario, only: readonly string[] | null, measuring: Measuring): Promise<ScenarioResult> {
  const { name, about } = scenario;
  const say = (line: string): void => console.error(`  ${name}: ${line}`);
  const stand = await openStand({ ...measuring, say });
  try {
    if ('measure' in scenario) return { name, about, figures: await scenario.measure(stand) };
    const all = await scenario.prepare(stand);
    const contest = only === null ? all : among(all, only);
    return { name, about, contest: await hold(contest, { ...measuring, say }) };
  } catch (error) {
    return { name, about, error: (error as Error).message };
  } finally {
    await stand.close();
  }
}

function write(out: string, report: Report): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'gateway.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(out, 'gateway.svg'), chart(report));
}
