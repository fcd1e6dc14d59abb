/** A copy of the bootstrap with a program of its own, to start as a user would. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Checkout {
  readonly folder: string;
  write(name: string, content: string): void;
  remove(): void;
}

/** Without packages, and without the pinned Node. `main` becomes src/cli/main.ts. */
export function createCheckout(main: string): Checkout {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'postern-checkout-')));
  const write = (name: string, content: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  for (const name of ['bin', '.npmrc', 'package.json', 'package-lock.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: (from) => !from.endsWith('node_modules') });
  }
  write('src/cli/main.ts', main);
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The end of a process that was started with `start`. */
export type Running = ChildProcess & { readonly ended: Promise<Ended> };

export function start(command: string, args: readonly string[], options: SpawnOptions): Running {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return Object.assign(child, { ended });
}
