/** Starts the real thing: `bin/postern` as a process, on ports of its own, with a data folder that is thrown away. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { storeArguments } from './store.ts';

const command = fileURLToPath(new URL('../../bin/postern', import.meta.url));

export interface StartOptions {
  /** Default `start`. */
  readonly role?: 'start' | 'gateway' | 'key-manager' | 'control-plane';
  /** Default: a new one, removed at `stop`. */
  readonly data?: string;
  readonly offset?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What has to be printed. Default: `postern ready`. */
  readonly until?: RegExp;
}

export interface Postern {
  readonly data: string;
  readonly offset: number;
  /** Everything on standard output up to now. */
  output(): string;
  /** Everything on standard error up to now. */
  log(): string;
  readonly pid: number;
  readonly http: string;
  readonly https: string;
  readonly server: string;
  readonly admin: string;
  /** Of the sample application, as printed. */
  readonly key: string;
  readonly secret: string;
  /** SIGTERM; resolves with the exit status. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** A data folder that a test fills itself. */
export function newDataFolder(): string {
  return mkdtempSync(join(tmpdir(), 'postern-test-'));
}

/** Those that run: whoever started them may fail, and they must not outlive it. */
const running = new Set<ReturnType<typeof spawn>>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Resolves when it prints `postern ready`. Rejects with what it printed, if it ends before. */
export async function startPostern(options: StartOptions = {}): Promise<Postern> {
  for (let attempt = 1; ; attempt++) {
    const offset = options.offset ?? freeOffset();
    try {
      return await startAt(offset, options);
    } catch (error) {
      // Another test has the ports: elsewhere, then.
      if (options.offset !== undefined || attempt === 5 || !/is in use/.test((error as Error).message)) throw error;
    }
  }
}

/** Runs the command to its end. */
export async function runPostern(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, ...env } });
  // Not every command reads it.
  child.stdin.on('error', () => {}).end(input);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => void (out += chunk));
  child.stderr.on('data', (chunk) => void (err += chunk));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, out, err };
}

async function startAt(offset: number, options: StartOptions): Promise<Postern> {
  const data = options.data ?? newDataFolder();
  const role = options.role ?? 'start';
  const store = role === 'gateway' ? [] : await storeArguments(data);
  const args = [role, '--data', data, '--port-offset', String(offset), ...store, ...(options.args ?? [])];
  const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, ...options.env } });
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk) => void (err += chunk));
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  running.add(child);
  child.on('close', () => running.delete(child));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if ((options.until ?? /^postern ready/m).test(out)) resolve();
    });
    child.on('error', reject);
    void exited.then((status) => reject(new Error(`postern ended with ${status}\n${out}\n${err}`)));
  });
  const remove = (): void => {
    if (options.data === undefined) rmSync(data, { recursive: true, force: true });
  };
  const port = (base: number): number => base + offset;
  return {
    data,
    offset,
    output: () => out,
    log: () => err,
    pid: child.pid as number,
    http: `http://localhost:${port(8280)}`,
    https: `https://localhost:${port(8243)}`,
    server: `https://localhost:${port(9443)}`,
    admin: `http://127.0.0.1:${port(9444)}`,
    key: /consumer key +(\S+)/.exec(out)?.[1] ?? '',
    secret: /consumer secret +(\S+)/.exec(out)?.[1] ?? '',
    async stop() {
      child.kill('SIGTERM');
      const status = await exited;
      remove();
      return status;
    },
    async kill() {
      killTree(child);
      await exited;
      remove();
    },
  };
}

function killTree(child: ChildProcess): void {
  child.kill('SIGKILL');
}

/** A multiple of ten, so that two that differ overlap nowhere: the ports of one are at most 1,165 apart, and 9443 and 9444 are neighbours. */
function freeOffset(): number {
  return 2000 + 10 * Math.floor(Math.random() * 2000);
}
