/**
 * What is tormented: one PostgreSQL, two key managers on it, three gateways, each behind proxies that the harness can
 * break, and a back end. All of them real processes, but for the proxies and the back end.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPostgresqlStore } from '../../src/adapters/stores/postgresql.ts';
import type { Store } from '../../src/adapters/stores/store.ts';
import { openCertificates } from '../../src/platform/certificates.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { fillStore } from '../support/fill-store.ts';
import { type PostgresqlServer, startPostgresql } from '../support/postgresql.ts';
import { postgresqlVariable, storeArguments } from '../support/store.ts';
import { freePorts } from './free-ports.ts';
import { GatewayNode, gatewayKinds } from './gateway-node.ts';
import { Path } from './path.ts';
import type { Random } from './random.ts';
import type { Recorder } from './recorder.ts';
import { RoleProcess } from './role-process.ts';

export const issuer = 'https://chaos.example/oauth2/token';
const repository = fileURLToPath(new URL('../../', import.meta.url));
/** Where browsers are sent back to. */
export const callbackUrl = 'https://client.example/cb';
/** Of each form of token. */
const applicationsPerForm = 6;

export interface ChaosApplication {
  readonly form: 'JWT' | 'OPAQUE';
  readonly key: string;
  readonly secret: string;
}

export interface KeyManagerNode {
  readonly process: RoleProcess;
  readonly url: string;
}

export interface Cluster {
  readonly folder: string;
  readonly postgresql: PostgresqlServer;
  readonly keyManagers: readonly KeyManagerNode[];
  readonly gateways: readonly GatewayNode[];
  readonly applications: readonly ChaosApplication[];
  /** The harness's own node on the database. */
  readonly store: Store;
  close(keep: boolean): Promise<void>;
}

/** @param sabotage changes the copy of the sources that the processes run */
export async function startCluster(
  recorder: Recorder,
  random: Random,
  sabotage: (root: string) => void = () => {},
): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-chaos-'));
  const root = copySources(folder);
  sabotage(root);
  const log = (name: string) => join(folder, `${name}.log`);
  const data = (name: string) => join(folder, name);
  const postgresql = await startPostgresql();
  // Where one can't be started the others are ended: processes and proxies would keep the harness from its end.
  await using started = new AsyncDisposableStack();
  let keep = false;
  started.defer(() => {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  });
  started.defer(() => postgresql.close());
  // If the harness fails, nothing of it must stay.
  const leaveNothing = () => {
    process.kill(postgresql.pid, 'SIGKILL');
    for (const left of [dirname(postgresql.data), folder]) rmSync(left, { recursive: true, force: true });
  };
  process.on('exit', leaveNothing);
  started.defer(() => void process.off('exit', leaveNothing));
  process.env[postgresqlVariable] = `postgresql://postern@127.0.0.1:${postgresql.port}/postgres`;
  const backend = await startBackend((_request, response) => response.end('{}'));
  started.defer(() => backend.close());
  const applications = await fill(data('km-0'), backend);
  const [url = ''] = (await storeArguments(data('km-0'))).map((argument) => argument.replace('--store.url=', ''));

  const certificates = await openCertificates(join(data('km-0'), 'certificates'));
  for (const name of ['km-1', ...gatewayKinds.map((kind) => kind.name)]) {
    cpSync(join(data('km-0'), 'certificates'), join(data(name), 'certificates'), { recursive: true });
  }
  cpSync(join(data('km-0'), 'keys'), join(data('km-1'), 'keys'), { recursive: true });

  const keyManagers: (KeyManagerNode & { readonly port: number })[] = [];
  for (const [at, port] of (await freePorts(2)).entries()) {
    const name = `km-${at}`;
    const flags = [`--server.port=${port}`, `--store.url=${url}`, `--tokens.issuer=${issuer}`];
    const args = ['key-manager', '--data', data(name), ...flags];
    const node = new RoleProcess({ name, root, args, env: compileCache(folder), log: log(name) });
    started.defer(() => node.close());
    await node.start();
    keyManagers.push({ process: node, url: `https://localhost:${port}`, port });
  }

  const gateways: GatewayNode[] = [];
  for (const [index, kind] of gatewayKinds.entries()) {
    const paths: Path[] = [];
    for (const at of kind.keyManagers) {
      const target = keyManagers[at]?.port as number;
      paths.push(await Path.open(at, target, kind.mistreated ? { certificates, random } : null));
    }
    const env = compileCache(folder);
    const options = { index, kind, paths, root, data: data(kind.name), env, log: log(kind.name), recorder };
    const gateway = new GatewayNode(options);
    started.defer(() => gateway.close());
    gateways.push(gateway);
  }
  await Promise.all(gateways.map(async (gateway) => gateway.open()));
  const store = await openPostgresqlStore(url);
  started.defer(() => store.close());
  const running = started.move();
  return {
    folder,
    postgresql,
    keyManagers,
    gateways,
    applications,
    store,
    async close(isKept) {
      keep = isKept;
      await running.disposeAsync();
    },
  };
}

/** So that nobody who works on the sources meanwhile changes what is restarted. */
function copySources(folder: string): string {
  const root = join(folder, 'root');
  mkdirSync(root);
  for (const name of ['src', 'package.json']) cpSync(join(repository, name), join(root, name), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  return root;
}

const compileCache = (folder: string) => ({ NODE_COMPILE_CACHE: join(folder, 'compile-cache') });

function fill(data: string, backend: Backend): Promise<ChaosApplication[]> {
  return fillStore(data, async (fill) => {
    // Who finds users makes none at its first start.
    await fill.user('admin', ['admin']);
    await fill.user('mary', []);
    const api = await fill.api('echo', { endpoints: { production: { url: backend.url } } });
    const applications: ChaosApplication[] = [];
    for (const form of ['JWT', 'OPAQUE'] as const) {
      for (let at = 0; at < applicationsPerForm; at++) {
        const { key, secret } = await fill.application(`${form} ${at}`, {
          tokenType: form,
          subscribe: [api],
          callbackUrl,
        });
        applications.push({ form, key, secret });
      }
    }
    return applications;
  });
}
