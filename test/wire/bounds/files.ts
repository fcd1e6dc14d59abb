/** How many files, and so connections, a process may have open. */
import { execFileSync } from 'node:child_process';

/** Others than those that are counted: libraries, pipes, back ends. */
const besides = 200;

/** Why a process can't have so many connections; null = it can. Node raises its limit to the hard one when it starts. */
export function tooFewFiles(connections: number): string | null {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  if (limit === 'unlimited' || Number(limit) >= connections + besides) return null;
  return `needs ${connections + besides} open files a process, and the limit is ${limit} (ulimit -Hn)`;
}
