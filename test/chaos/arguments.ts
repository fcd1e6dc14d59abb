/** How a run of chaos is called. */
import { parseArgs } from 'node:util';
import { backupRestored } from './backup.ts';
import { type FaultKind, faultTypes } from './faults.ts';
import type { ChaosOptions } from './run.ts';
import { type SabotageName, sabotage, sabotages } from './sabotage.ts';

/** It was called in a way that it does not understand; the message says what was expected, and how it is called. */
export class UsageError extends Error {
  override name = 'UsageError';
}

type Kind = ChaosOptions['kinds'][number];

const kinds: readonly Kind[] = [...(Object.keys(faultTypes) as FaultKind[]), backupRestored];

/** The numbers: what each is, its default (null = by chance), and how much it is at least. */
const numbers = {
  seconds: ['seconds of faults', 60, 1],
  seed: ['from which the schedule follows', null, 0],
  'requests-per-second': ['requests of clients in all', 200, 1],
  'revocations-per-second': ['revocations of tokens', 8, 0.1],
} as const;

export const usage = `npm run chaos -- [options]

  Torments a cluster, and says whether everything that was decided was enforced. Ends with 1 if it was not.

${Object.entries(numbers)
  .map(([name, [what, value]]) => line(`--${name} N`, `${what} (default: ${value ?? 'by chance, and printed'})`))
  .join('')}${line('--faults A,B', `only these kinds (default: all): ${kinds.join(', ')}`)}${line(
  '--sabotage NAME',
  `breaks the product in a copy, so that the run has to find violations: ${Object.keys(sabotages).join(', ')}`,
)}${line('--keep', 'leaves the folder with logs, data and the history')}${line('--help', 'prints this')}`;

function line(option: string, what: string): string {
  return `  ${option.padEnd(28)}${what}\n`;
}

/** null = it is to print its usage. @throws UsageError */
export function readArguments(args: readonly string[]): Omit<ChaosOptions, 'say'> | null {
  const values = parse(args);
  if (values.help) return null;
  const number = (name: keyof typeof numbers): number => {
    const [, value, least] = numbers[name];
    const text = values[name];
    if (text === undefined) return value ?? Math.floor(Math.random() * 1e9);
    if (text !== '' && Number(text) >= least) return Number(text);
    throw problem(`--${name}: expected a number of at least ${least}, got ${text}`);
  };
  return {
    seconds: number('seconds'),
    seed: number('seed'),
    requestsPerSecond: number('requests-per-second'),
    revocationsPerSecond: number('revocations-per-second'),
    kinds: values.faults === undefined ? [] : values.faults.split(',').map(kindNamed),
    sabotage: values.sabotage === undefined ? undefined : sabotageNamed(values.sabotage),
    keep: values.keep,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: joined(args),
      options: {
        seconds: { type: 'string' },
        seed: { type: 'string' },
        'requests-per-second': { type: 'string' },
        'revocations-per-second': { type: 'string' },
        faults: { type: 'string' },
        sabotage: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    // Its further sentences are about options that begin with a dash, and about positional arguments.
    throw problem(/^[^\n]*?(?=\. |\.?\n|\.?$)/.exec((error as Error).message)?.[0] ?? '');
  }
}

/** With a negative number as the value of the option before it: that it is too small is for us to say. */
function joined(args: readonly string[]): string[] {
  const all: string[] = [];
  for (const arg of args) {
    const last = all.at(-1) ?? '';
    const isValue = /^-\d/.test(arg) && /^--[^=]+$/.test(last);
    if (isValue) all[all.length - 1] = `${last}=${arg}`;
    else all.push(arg);
  }
  return all;
}

function kindNamed(name: string): Kind {
  const kind = kinds.find((one) => one === name.trim());
  if (kind) return kind;
  throw problem(`--faults: expected ${kinds.join(', ')}; got ${name}`);
}

function sabotageNamed(name: string): (root: string) => void {
  if (Object.hasOwn(sabotages, name)) return (root) => sabotage(name as SabotageName, root);
  throw problem(`--sabotage: expected ${Object.keys(sabotages).join(', ')}; got ${name}`);
}

const problem = (what: string): UsageError => new UsageError(`${what}\n\n${usage}`);
