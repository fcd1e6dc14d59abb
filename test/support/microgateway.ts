/** Builds and runs microgateways as users do: `bin/micro-gw`, `bin/gateway`, `bin/postern run`, each as a process. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = (name: string): string => fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one of the executables to its end. */
export async function runCommand(name: string, args: readonly string[], folder = tmpdir()): Promise<Ended> {
  const child = spawn(process.execPath, [bin(name), ...args], { cwd: folder });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => void (out += chunk));
  child.stderr.on('data', (chunk) => void (err += chunk));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, out, err };
}

/** A folder for projects, configuration and data, and how it goes away. */
export function newWorkFolder(): {
  readonly path: string;
  file(name: string, content: string): string;
  remove(): void;
} {
  const path = mkdtempSync(join(tmpdir(), 'postern-mgw-'));
  return {
    path,
    file(name, content) {
      const file = join(path, name);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Makes a project with this definition, builds it, and gives the path of its artifact. */
export async function buildArtifact(folder: string, name: string, definition: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, definition);
  for (const args of [
    ['init', name, '-a', file],
    ['build', name],
  ]) {
    const { status, out, err } = await runCommand('micro-gw', args, folder);
    if (status !== 0) throw new Error(`micro-gw ${args.join(' ')} ended with ${status}\n${out}\n${err}`);
  }
  return join(folder, name, 'target', `${name}.postern`);
}

export interface Microgateway {
  readonly http: string;
  readonly https: string;
  /** The token listener. */
  readonly token: string;
  readonly admin: string;
  /** What is on standard output, and on standard error, up to now. */
  output(): string;
  log(): string;
  /** SIGTERM; resolves with the exit status. */
  stop(): Promise<number | null>;
}

export interface MicrogatewayOptions {
  /** Default `postern`, which gets `run` before the arguments. */
  readonly command?: 'postern' | 'gateway';
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** On free ports. Resolves when it prints `postern ready`; rejects with what it printed, if it ends before. */
export async function startMicrogateway(options: MicrogatewayOptions): Promise<Microgateway> {
  const command = options.command ?? 'postern';
  const ports = ['httpPort', 'httpsPort', 'tokenListenerPort'].map((port) => `--listenerConfig.${port}=0`);
  const args = [...(command === 'postern' ? ['run'] : []), ...options.args, ...ports, '--gateway.adminPort=0'];
  const child = spawn(process.execPath, [bin(command), ...args], {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
  });
  let out = '';
  let err = '';
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  child.stderr.on('data', (chunk) => void (err += chunk));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (/^postern ready/m.test(out)) resolve();
    });
    child.on('error', reject);
    void exited.then((status) => reject(new Error(`${command} ended with ${status}\n${out}\n${err}`)));
  });
  const address = (pattern: RegExp): string => pattern.exec(out)?.[1] ?? '';
  return {
    http: address(/Microgateway +(http:\S+)/),
    https: address(/Microgateway +\S+ +(https:\S+)/),
    token: address(/Token endpoints +(https:\S+)\/token/),
    admin: address(/Gateway admin +(http:\S+)\/status/),
    output: () => out,
    log: () => err,
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
