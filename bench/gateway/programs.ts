/** The programs that take part, if they are on the machine. */
import { spawnSync } from 'node:child_process';

/** How each says which version it is. */
const programs = { taskset: '--version', wrk: '-v', nginx: '-v', haproxy: '-v', h2load: '--version' } as const;
export type Program = keyof typeof programs;

/** Without these nothing is measured. */
const needed = ['taskset', 'wrk', 'nginx'] as const;

export const isHere = (program: Program): boolean => spawnSync(program, [programs[program]]).error === undefined;

/** Why nothing can be measured on this machine; null = it can. */
export function obstacle(): string | null {
  if (process.platform !== 'linux') return 'needs Linux: processor time is read from /proc';
  const missing = needed.filter((program) => !isHere(program));
  if (missing.length > 0) return `needs ${missing.join(', ')} (Debian packages util-linux, wrk, nginx-light)`;
  const { stdout } = spawnSync('nproc', { encoding: 'utf8' });
  return Number(stdout) < 2 ? 'needs two processors, one for what is measured and one for the rest' : null;
}

/** The first line of what it says about its version. */
export function versionOf(program: Program): string | null {
  const { error, stdout, stderr } = spawnSync(program, [programs[program]], { encoding: 'utf8' });
  return error ? null : ((stdout + stderr).split('\n')[0] as string).trim();
}
