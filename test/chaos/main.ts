/**
 * `main.ts --seconds N --seed S`: torments a cluster for N seconds and says whether everything that was decided was
 * enforced. Exits with 1 if it was not, with 2 if it was called in a way that it does not understand.
 */
import { parseArgs } from 'node:util';
import { missing } from '../support/servers.ts';
import { backupRestored } from './backup.ts';
import { type FaultKind, faultTypes } from './faults.ts';
import { report } from './report.ts';
import { runChaos } from './run.ts';
import { type SabotageName, sabotage, sabotages } from './sabotage.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    'requests-per-second': { type: 'string', default: '200' },
    'revocations-per-second': { type: 'string', default: '8' },
    /** Only these kinds of faults, separated by commas. */
    faults: { type: 'string', default: '' },
    /** Breaks what is tested: the run has to find violations. */
    sabotage: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

function number(name: 'seconds' | 'seed' | 'requests-per-second' | 'revocations-per-second', least: number): number {
  const value = Number(values[name]);
  if (!(value >= least)) refuse(`--${name}: expected a number of at least ${least}, got ${values[name]}`);
  return value;
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

function faultKinds(text: string): (FaultKind | typeof backupRestored)[] {
  const all = [...Object.keys(faultTypes), backupRestored];
  const names = text === '' ? [] : text.split(',');
  for (const name of names) if (!all.includes(name)) refuse(`--faults: expected ${all.join(', ')}; got ${name}`);
  return names as FaultKind[];
}

function sabotageNamed(name: string): (root: string) => void {
  if (!(name in sabotages)) refuse(`--sabotage: expected ${Object.keys(sabotages).join(', ')}; got ${name}`);
  return (root) => sabotage(name as SabotageName, root);
}

const absent = missing('postgresql');
if (absent) refuse(absent);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const options = {
  seconds: number('seconds', 1),
  seed: number('seed', 0),
  requestsPerSecond: number('requests-per-second', 1),
  revocationsPerSecond: number('revocations-per-second', 0.1),
  kinds: faultKinds(values.faults),
  sabotage: values.sabotage === undefined ? undefined : sabotageNamed(values.sabotage),
  keep: values.keep,
  say,
};
say(`seed ${options.seed}`);
// What was started ends with this process, however it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  const { history, violations } = await runChaos(options);
  for (const line of report(history, violations)) say(line);
  process.exit(violations.length > 0 ? 1 : 0);
} catch (error) {
  process.stderr.write(`the run could not be finished: ${(error as Error).message}\n`);
  process.exit(1);
}
