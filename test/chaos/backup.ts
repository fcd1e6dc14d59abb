/**
 * A backup of the whole PostgreSQL, taken while it runs and put back later: what was decided in between the store does
 * not know any more, and does not notice that it ever did.
 */
import { execFile } from 'node:child_process';
import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type PostgresqlServer, postgresqlPrograms } from '../support/postgresql.ts';
import type { Cluster } from './cluster.ts';
import { answersPromptly } from './kill.ts';
import type { Recorder } from './recorder.ts';

/** The last fault of a schedule. */
export const backupRestored = 'backup restored';

export interface Backup {
  readonly folder: string;
  /** What had happened by then it has. */
  readonly since: number;
}

/** Tries until it succeeds: the server may be down just now. */
export async function takeBackup({ postgresql }: Cluster, recorder: Recorder): Promise<Backup> {
  const folder = join(dirname(postgresql.data), 'backup');
  for (;;) {
    const since = recorder.now();
    try {
      await baseBackup(postgresql, folder);
      return { folder, since };
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (!/connection|shutting down|starting up|recovery mode/.test((error as Error).message)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

export async function restoreBackup(cluster: Cluster, recorder: Recorder, backup: Backup): Promise<void> {
  const { postgresql, gateways, keyManagers } = cluster;
  const end = recorder.fault(backupRestored, 'PostgreSQL');
  const ends = gateways.flatMap(({ index, paths }) =>
    paths.map((_path, source) => recorder.outage(index, source, 'silent')),
  );
  const stopped = recorder.now();
  await postgresql.end('SIGINT');
  renameSync(postgresql.data, `${postgresql.data}.lost`);
  renameSync(backup.folder, postgresql.data);
  await postgresql.start();
  await Promise.all(keyManagers.map(answersPromptly));
  recorder.restore = { backup: backup.since, stopped, restored: recorder.now() };
  for (const ended of ends) ended();
  end();
}

async function baseBackup({ port, data }: PostgresqlServer, folder: string): Promise<void> {
  // Its files have to belong to whom the server runs as.
  const { uid, gid } = statSync(data);
  const program = join(postgresqlPrograms() ?? '', 'pg_basebackup');
  const where = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postern', '-D', folder];
  await promisify(execFile)(program, [...where, '-X', 'stream', '-c', 'fast', '--no-sync'], {
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    cwd: dirname(data),
  });
}
