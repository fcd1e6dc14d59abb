/** `postern` as a test of the command line calls it. */
import assert from 'node:assert/strict';
import { runPostern } from './postern.ts';

type Run = Awaited<ReturnType<typeof runPostern>>;

export interface CommandLine {
  run(...args: string[]): Promise<Run>;
  /** It ends with 0. */
  ok(...args: string[]): Promise<Run>;
  /** It ends with this status. @returns what it says on standard error */
  fails(status: number, ...args: string[]): Promise<string>;
}

/** @param env what is in the environment, asked for at each call */
export function commandLine(env: () => Readonly<Record<string, string>>): CommandLine {
  const run = (...args: string[]) => runPostern(args, env());
  return {
    run,
    async ok(...args) {
      const result = await run(...args);
      assert.equal(result.status, 0, `${args.join(' ')}\n${result.err}`);
      return result;
    },
    async fails(status, ...args) {
      const { status: found, out, err } = await run(...args);
      assert.equal(found, status, `${args.join(' ')}\n${out}\n${err}`);
      return err;
    },
  };
}
