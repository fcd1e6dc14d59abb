/** One of the processes that `postern start` runs, as its parent sees it: started, started again if it dies, stopped. */
import { type ChildProcess, fork } from 'node:child_process';
import { OperatorError } from '../platform/operator-error.ts';
import type { FromChild, RoleName, ToChild } from './child.ts';
import type { Settings } from './settings.ts';

/** Milliseconds before a child that died is started again; doubled each time up to the maximum. */
const minBackoff = 100;
const maxBackoff = 5000;
/** A child that lived so long did not die of its start. */
const healthy = 30_000;

/** A child could not start; the message is the child's own. */
export class ChildError extends OperatorError {
  override name = 'ChildError';
  override readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

export class Child<Info> {
  readonly #role: RoleName;
  readonly #settings: Settings;
  #process: ChildProcess | null = null;
  #stopping = false;
  #backoff = minBackoff;

  constructor(role: RoleName, settings: Settings) {
    this.#role = role;
    this.#settings = settings;
  }

  /** Resolves when the child is ready. @throws ChildError */
  start(): Promise<Info> {
    const entry = import.meta.url.endsWith('.ts') ? './child.ts' : './child.js';
    const child = fork(new URL(entry, import.meta.url), { serialization: 'advanced', env: process.env });
    const startedAt = performance.now();
    this.#process = child;
    return new Promise((resolve, reject) => {
      let ready = false;
      child.on('message', (message: FromChild) => {
        switch (message.type) {
          case 'failed':
            return reject(new ChildError(message.message, message.exitCode));
          case 'signalled':
            // While all of us are stopping its turn comes; otherwise somebody wants this one to be started anew.
            if (!this.#stopping) child.send({ type: 'stop' } satisfies ToChild, () => undefined);
            return;
          case 'ready':
            ready = true;
            return resolve(message.info as Info);
        }
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        this.#process = null;
        if (!ready)
          return reject(new ChildError(`the ${this.#role} process ended at its start (${signal ?? code})`, 1));
        if (!this.#stopping) this.#startAgain(startedAt, signal ?? String(code));
      });
      child.send({ type: 'start', role: this.#role, settings: this.#settings } satisfies ToChild);
    });
  }

  /** From now on the child's end is no accident. */
  expectEnd(): void {
    this.#stopping = true;
  }

  /** Asks the child to finish what it does and end. */
  async stop(): Promise<void> {
    this.expectEnd();
    const child = this.#process;
    if (!child || child.exitCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (child.connected) child.send({ type: 'stop' } satisfies ToChild, () => undefined);
    const limit = setTimeout(() => child.kill('SIGKILL'), this.#settings.options.gateway.drainTimeout + 5000);
    await exited;
    clearTimeout(limit);
  }

  #startAgain(startedAt: number, how: string): void {
    if (performance.now() - startedAt > healthy) this.#backoff = minBackoff;
    const wait = this.#backoff;
    this.#backoff = Math.min(this.#backoff * 2, maxBackoff);
    process.stderr.write(`postern: the ${this.#role} process ended (${how}) and is started again in ${wait} ms\n`);
    setTimeout(() => {
      if (this.#stopping) return;
      this.start().catch((error: Error) => {
        process.stderr.write(`postern: ${error.message}\n`);
        if (!this.#stopping && !this.#process) this.#startAgain(performance.now(), 'failed to start');
      });
    }, wait);
  }
}
