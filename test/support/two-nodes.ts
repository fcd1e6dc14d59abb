/** Two key managers on one PostgreSQL database and a gateway, as real processes. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openPostgresqlStore } from '../../src/adapters/stores/postgresql.ts';
import { type Backend, startBackend } from './backend.ts';
import { closeConnections } from './call.ts';
import { type Filler, fillInto } from './fill-store.ts';
import { newDataFolder, type Postern, startPostern } from './postern.ts';
import { startPostgresql } from './postgresql.ts';

export interface TwoNodes<T> {
  a: Postern;
  readonly b: Postern;
  /** It follows b, and a where b is silent; it asks b about tokens. */
  readonly gateway: Postern;
  /** What the store was filled with. */
  readonly filled: T;
  /** A folder for another node, without anything that nodes have in common. */
  newFolder(): string;
  startNode(data: string, offset?: number): Promise<Postern>;
  close(): Promise<void>;
}

/** @param fill what the store has, beside the API `echo` (its id is given), which calls a back end of ours */
export async function startTwoNodes<T>(
  fill: (filler: Filler, api: string) => Promise<T>,
  args: readonly string[] = [],
): Promise<TwoNodes<T>> {
  const folders: string[] = [];
  const newFolder = (): string => {
    folders.push(newDataFolder());
    return folders.at(-1) as string;
  };
  /** What nodes have in common beside the database. */
  const copyOf = (data: string): string => {
    const folder = newFolder();
    for (const name of ['keys', 'certificates']) cpSync(join(data, name), join(folder, name), { recursive: true });
    return folder;
  };
  const server = await startPostgresql();
  const url = await server.newDatabase();
  const backend: Backend = await startBackend();
  const startNode = (data: string, offset?: number): Promise<Postern> =>
    startPostern({
      role: 'key-manager',
      data,
      ...(offset !== undefined && { offset }),
      args: [`--store.url=${url}`, '--tokens.issuer=https://nodes.example/oauth2/token', ...args],
    });
  const a = await startNode(newFolder());
  const store = await openPostgresqlStore(url);
  const filled = await fillInto(store, a.data, async (filler) =>
    fill(filler, await filler.api('echo', { endpoints: { production: { url: backend.url } } })),
  ).finally(() => store.close());
  const b = await startNode(copyOf(a.data));
  const gateway = await startPostern({
    role: 'gateway',
    data: copyOf(a.data),
    args: [
      `--controlPlane.url=${b.server}`,
      `--controlPlane.otherUrls=${a.server}`,
      `--keyManager.serverUrl=${b.server}`,
      '--gateway.threads=1',
    ],
  });
  const nodes: TwoNodes<T> = {
    a,
    b,
    gateway,
    filled,
    newFolder,
    startNode,
    async close() {
      closeConnections();
      for (const one of [gateway, b, nodes.a]) await one.stop();
      await backend.close();
      await server.close();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
  return nodes;
}
