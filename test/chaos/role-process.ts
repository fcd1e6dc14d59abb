/** One role of Postern as a process, on ports and data that stay: it can be killed, and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

export interface RoleOptions {
  readonly name: string;
  /** The folder that has `src/` and the packages. */
  readonly root: string;
  /** Role and flags, as `postern` takes them. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Goes before the command; it becomes the command by `exec`, so that the process is the one that is killed. */
  readonly prefix?: readonly string[];
  /** File of everything that it prints, over all its lives. */
  readonly log: string;
  /** Milliseconds in which it must say that it is ready. Default 30,000. */
  readonly patience?: number;
}

/** Those that run. If the harness fails, they must not outlive it. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class RoleProcess {
  readonly name: string;
  readonly #options: RoleOptions;
  readonly #log: WriteStream;
  #child: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #ready = false;

  constructor(options: RoleOptions) {
    this.name = options.name;
    this.#options = options;
    this.#log = createWriteStream(options.log, { flags: 'a' });
  }

  /** undefined = it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it runs and has said that it is ready. */
  get isReady(): boolean {
    return this.#ready && this.#child !== null;
  }

  /** Resolves when it says that it is ready; rejects if it ends before, or takes too long. */
  async start(): Promise<void> {
    const { root, args, env, prefix = [], patience = 30_000 } = this.#options;
    const [program, ...rest] = [...prefix, process.execPath, join(root, 'src/cli/main.ts'), ...args];
    const child = spawn(program as string, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#ready = false;
    running.add(child);
    this.#exited = new Promise((resolve) => {
      const ended = () => {
        running.delete(child);
        if (this.#child === child) this.#child = null;
        resolve();
      };
      child.once('exit', ended).once('error', ended);
    });
    let said = '';
    const keep = (text: string): void => {
      this.#log.write(text);
      said = (said + text).slice(-2000);
    };
    child.stderr?.setEncoding('utf8').on('data', keep);
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      keep(text);
      if (/^postern ready/m.test(said)) resolve();
    });
    const limit = setTimeout(
      () => reject(new Error(`${this.name} is not ready after ${patience} ms:\n${said}`)),
      patience,
    );
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${this.name} ended with ${code ?? signal}:\n${said}`)));
    await ready.finally(() => clearTimeout(limit));
    this.#ready = true;
  }

  /** As kill -9 does. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  async close(): Promise<void> {
    await this.kill();
    this.#log.end();
  }
}
