/**
 * `main.ts --seconds N --seed S`: torments a cluster for N seconds and says whether everything that was decided was
 * enforced. Exits with 1 if it was not, with 2 if it was called in a way that it does not understand.
 */
import { missing } from '../support/servers.ts';
import { readArguments, UsageError, usage } from './arguments.ts';
import { report } from './report.ts';
import { runChaos } from './run.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

function options(): NonNullable<ReturnType<typeof readArguments>> {
  try {
    const read = readArguments(process.argv.slice(2));
    if (read) return read;
  } catch (error) {
    if (error instanceof UsageError) refuse(error.message.trimEnd());
    throw error;
  }
  process.stdout.write(usage);
  process.exit(0);
}

const given = options();
const absent = missing('postgresql');
if (absent) refuse(absent);
say(`seed ${given.seed}`);
// What was started ends with this process, however it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  const { history, violations } = await runChaos({ ...given, say });
  for (const line of report(history, violations)) say(line);
  process.exit(violations.length > 0 ? 1 : 0);
} catch (error) {
  process.stderr.write(`the run could not be finished: ${(error as Error).message}\n`);
  process.exit(1);
}
