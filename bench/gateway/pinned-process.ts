/** Processes that are bound to a processor, and what the kernel says that they used. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** What is measured runs on the one, everything else on the other. */
export const processors = { measured: 0, other: 1 } as const;
export type Place = keyof typeof processors;

const ticksPerSecond = 100;

export interface PinnedProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it listens.
 * @throws Error with what it printed, if it ends before.
 */
export async function startPinned(
  place: Place,
  command: string,
  args: readonly string[],
  port: number,
): Promise<PinnedProcess> {
  const child = spawn('taskset', ['-c', String(processors[place]), command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void (said += chunk));
  try {
    await untilListening(port, () => hasEnded(child));
  } catch (error) {
    throw new Error(`${command}: ${(error as Error).message}\n${said}`, { cause: error });
  }
  return {
    // taskset becomes the command.
    pid: child.pid as number,
    async stop() {
      if (hasEnded(child)) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** Binds all threads of a process that runs already. */
export function pin(pid: number, place: Place): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(processors[place]), String(pid)], { stdio: 'ignore' });
}

/** Microseconds of processor time that a process has used, in user mode and in the kernel, all threads. */
export function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // A name may have spaces and parentheses.
    .replace(/^.*\) /s, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

/** Microseconds for which the measured processor was not idle since the machine started, whoever used it. */
export function busyTime(): number {
  const line =
    new RegExp(`^cpu${processors.measured} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? '';
  // user, nice, system, idle, iowait, irq, softirq, steal: proc(5)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(' ').map(Number);
  return ((user + nice + system + irq + softirq) * 1e6) / ticksPerSecond;
}

/** MB (of 1,000,000 bytes) of a process that are in memory. */
export function residentMemory(pid: number): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return (Number(line?.[1]) * 1024) / 1e6;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** @throws Error after 30 s, or when it has ended */
async function untilListening(port: number, ended: () => boolean): Promise<void> {
  const until = Date.now() + 30_000;
  while (!(await listens(port))) {
    if (ended()) throw new Error('it ended');
    if (Date.now() > until) throw new Error(`nobody listens on ${port} after 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
