/** `npm run bounds`: what must stay within bounds, at its large scale (docs/performance.md). Ends with 1 if something did not. */
import { parseArgs } from 'node:util';
import { wires } from '../../../src/wire/index.ts';
import { type Bound, text } from './bound.ts';
import { bounds } from './index.ts';

const usage = `npm run bounds -- [options]

  Measures what must stay within bounds: ${bounds.map(({ name, scale }) => `${name} (${scale.long} ${scale.unit})`).join(', ')}.

  --only A,B     only these
  --scale N      another scale than the large one; for one bound at a time
  --wire NAME    ${Object.keys(wires).join(' or ')} (default: net)
  --help         prints this
`;

interface Arguments {
  readonly chosen: readonly Bound[];
  readonly wire: keyof typeof wires;
  readonly scale: number | undefined;
}

const given = readArguments();
if (given) for (const bound of given.chosen) await run(bound, given);

/** null = it printed how it is called. */
function readArguments(): Arguments | null {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: bounds.map(({ name }) => name).join(',') },
        scale: { type: 'string' },
        wire: { type: 'string', default: 'net' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      return null;
    }
    if (!Object.hasOwn(wires, values.wire)) throw new Error(`--wire: expected net or node, got ${values.wire}`);
    const chosen = values.only.split(',').map((name) => {
      const bound = bounds.find((one) => one.name === name.trim());
      if (!bound) throw new Error(`--only: expected ${bounds.map((one) => one.name).join(', ')}; got ${name}`);
      return bound;
    });
    const scale = values.scale === undefined ? undefined : Number(values.scale);
    if (scale !== undefined && !(Number.isInteger(scale) && scale > 0 && chosen.length === 1))
      throw new Error(`--scale: expected a whole number, and one bound by --only; got ${values.scale}`);
    return { chosen, wire: values.wire as keyof typeof wires, scale };
  } catch (error) {
    console.error(`npm run bounds: ${(error as Error).message}\n\n${usage}`);
    process.exitCode = 2;
    return null;
  }
}

async function run({ name, about, scale, obstacle, measure }: Bound, given: Arguments): Promise<void> {
  const size = given.scale ?? scale.long;
  console.log(`${name}: ${about} (${size} ${scale.unit}, ${given.wire})`);
  const reason = obstacle?.(size) ?? null;
  if (reason !== null) {
    console.log(`  not measured: ${reason}`);
    process.exitCode = 1;
    return;
  }
  for (const finding of await measure(given.wire, size, (line) => console.error(`  ${line}`))) {
    console.log(`  ${text(finding)}`);
    if (finding.value > finding.atMost) process.exitCode = 1;
  }
}
