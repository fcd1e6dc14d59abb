/** A gateway of the cluster: its process with all its lives, its ways to sources, its clock and its disk copy. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { freePorts } from './free-ports.ts';
import type { GatewayKind } from './history.ts';
import type { Path } from './path.ts';
import type { Recorder } from './recorder.ts';
import { RoleProcess } from './role-process.ts';

export interface ChaosGatewayKind extends GatewayKind {
  /** Index of the key manager of each of its sources, in the order in which they are preferred. */
  readonly keyManagers: readonly number[];
  /** Whether its events can be spoiled. The others' TLS goes through untouched. */
  readonly mistreated: boolean;
}

export const gatewayKinds: readonly ChaosGatewayKind[] = [
  { name: 'gateway-open', keyManagers: [0], sources: 1, maxStaleness: null, mistreated: true },
  { name: 'gateway-closed', keyManagers: [1], sources: 1, maxStaleness: 4000, mistreated: false },
  { name: 'gateway-two-sources', keyManagers: [0, 1], sources: 2, maxStaleness: null, mistreated: true },
];

/** Milliseconds that it waits for a source when it starts with a disk copy. */
export const startupWait = 1500;
const clock = fileURLToPath(new URL('./shifted-clock.ts', import.meta.url));

export interface GatewayNodeOptions {
  readonly index: number;
  readonly kind: ChaosGatewayKind;
  readonly paths: readonly Path[];
  readonly root: string;
  readonly data: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
  readonly recorder: Recorder;
}

export class GatewayNode {
  readonly index: number;
  readonly name: string;
  readonly kind: ChaosGatewayKind;
  readonly paths: readonly Path[];
  readonly data: string;
  readonly #options: GatewayNodeOptions;
  #process: RoleProcess | null = null;
  #admin = '';
  #life: ReturnType<Recorder['spawned']> | null = null;
  #traffic: Pool | null = null;

  constructor(options: GatewayNodeOptions) {
    this.#options = options;
    this.index = options.index;
    this.name = options.kind.name;
    this.kind = options.kind;
    this.paths = options.paths;
    this.data = options.data;
  }

  /** Chooses its ports and starts it for the first time. */
  async open(): Promise<void> {
    const { kind, paths, root, data, env, log } = this.#options;
    const [http, https, admin] = await freePorts(3);
    const [first, ...others] = paths.map(({ url }) => url);
    const args = [
      ...['gateway', '--data', data, '--gateway.threads=1', '--gateway.accessLog=off'],
      ...[`--gateway.httpPort=${http}`, `--gateway.httpsPort=${https}`, `--gateway.adminPort=${admin}`],
      ...[`--controlPlane.url=${first}`, `--controlPlane.otherUrls=${others.join(',')}`],
      ...[`--keyManager.serverUrl=${first}`, `--gateway.startupWait=${startupWait}`],
      // A clock that is set back makes tokens come from the future; that is no reason to refuse them here.
      '--gateway.clockSkew=86400000',
      ...(kind.maxStaleness === null
        ? []
        : ['--gateway.whenStale=closed', `--gateway.maxStaleness=${kind.maxStaleness}`]),
    ];
    const preload = `${process.env.NODE_OPTIONS ?? ''} --import=${clock}`;
    this.#process = new RoleProcess({
      ...{ name: this.name, root, args, log },
      env: { ...env, NODE_OPTIONS: preload, CHAOS_CLOCK: this.#clockFile },
      prefix: privateMounts,
    });
    this.#admin = `http://127.0.0.1:${admin}`;
    this.#traffic = new Pool(`http://127.0.0.1:${http}`, { connections: 64, headersTimeout: 12_000, pipelining: 1 });
    await this.start();
  }

  get #clockFile(): string {
    return `${this.data}.clock`;
  }

  /** Connections for requests. */
  get traffic(): Pool {
    return this.#traffic as Pool;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Folder of its disk copy. */
  get diskCopy(): string {
    return join(this.data, 'gateway');
  }

  async start(): Promise<void> {
    const { recorder } = this.#options;
    const life = recorder.spawned(this.index);
    this.#life = life;
    await this.#process?.start();
    life.ready = recorder.now();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const life = this.#life;
    await this.#process?.kill();
    if (life) life.died ??= this.#options.recorder.now();
  }

  /** Its clock goes wrong by so many milliseconds; 0 = right. */
  setClock(byMs: number): void {
    writeFileSync(this.#clockFile, String(byMs));
  }

  // biome-ignore lint/suspicious/noExplicitAny: a page for people, of which the harness reads a few places
  async status(): Promise<any> {
    const answer = await fetch(`${this.#admin}/status`, { signal: AbortSignal.timeout(5000) });
    return answer.json();
  }

  async close(): Promise<void> {
    await this.#process?.close();
    await this.#traffic?.destroy();
    for (const path of this.paths) await path.close();
  }
}

/** As root, mounts of a process of ours are its own, and gone with it. */
export const privateMounts: readonly string[] =
  process.platform === 'linux' && process.getuid?.() === 0 ? ['unshare', '--mount', '--propagation', 'private'] : [];
