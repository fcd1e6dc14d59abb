/** A PostgreSQL server of a test's own: throw-away data, a free port, loopback only. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../src/platform/ports.ts';

export interface PostgresqlServer {
  readonly port: number;
  /** The process that listens. */
  readonly pid: number;
  /** The folder of its data, for tests that take copies of it. */
  readonly data: string;
  /** Makes an empty database. Returns its address. */
  newDatabase(): Promise<string>;
  /** Runs SQL in the database `postgres`. */
  query(sql: string): Promise<void>;
  /** Ends it, with all its connections: SIGINT in an orderly way, SIGKILL as a crash would. */
  end(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

const folder = '/usr/lib/postgresql';

/** Where Debian keeps the newest version that is installed; null = there is none. */
export function postgresqlPrograms(): string | null {
  if (!existsSync(folder)) return null;
  const versions = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'bin', 'postgres')));
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : join(folder, newest, 'bin');
}

export async function startPostgresql(): Promise<PostgresqlServer> {
  const programs = postgresqlPrograms();
  if (!programs) throw new Error('PostgreSQL is not here');
  const dir = mkdtempSync(join(tmpdir(), 'postern-postgresql-'));
  const data = join(dir, 'data');
  // PostgreSQL refuses to be run by root.
  const as = process.getuid?.() === 0 ? userOf('postgres') : null;
  if (as) chownSync(dir, as.uid, as.gid);
  chmodSync(dir, 0o700);
  const initdb = ['-D', data, '-U', 'postern', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  execFileSync(join(programs, 'initdb'), initdb, { ...as, stdio: 'pipe', cwd: dir });
  const port = await freePort('127.0.0.1');
  const address = (database: string) => `postgresql://postern@127.0.0.1:${port}/${database}`;
  // Synchronous writes cost much, and only a machine that loses its power needs them.
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: dir,
    fsync: 'off',
    max_connections: 100,
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  let child: ChildProcess;
  let databases = 0;

  const query = async (sql: string) => {
    const client = new pg.Client({ connectionString: address('postgres') });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  let said = '';
  const spawnServer = () => {
    said = '';
    child = spawn(join(programs, 'postgres'), args, { ...as, stdio: ['ignore', 'ignore', 'pipe'], cwd: dir });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
  };
  const start = async () => {
    spawnServer();
    for (let tries = 0; ; tries++) {
      try {
        return await query('select 1');
      } catch (error) {
        // After a crash it refuses as long as processes of the one before still have its memory.
        const again = child.exitCode !== null && /still in use/.test(said);
        if (tries > 300 || (child.exitCode !== null && !again)) {
          throw new Error(`PostgreSQL does not start: ${said}`, { cause: error });
        }
        if (again) spawnServer();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const end = async (signal: 'SIGINT' | 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    port,
    data,
    get pid() {
      return child.pid as number;
    },
    async newDatabase() {
      const name = `test${databases++}`;
      await query(`create database ${name}`);
      return address(name);
    },
    query,
    end,
    start,
    async close() {
      await end('SIGINT');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function userOf(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
