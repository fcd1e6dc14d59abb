/** Ports below those that the system gives to connections, so that they are free again when a process is restarted. */
import { checkPortFree, ListenError } from '../../src/platform/ports.ts';

const [first, count] = [20_000, 10_000];

/** Those that were given in this process: whoever asked for one may not listen on it yet. */
const given = new Set<number>();

/** Different ones that nobody listens on at the moment, and nobody was given. */
export async function freePorts(number: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < number) {
    const port = first + Math.floor(Math.random() * count);
    if (given.has(port)) continue;
    given.add(port);
    try {
      await checkPortFree('127.0.0.1', port, 'the port');
      ports.add(port);
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
    }
  }
  return [...ports];
}
