/** User stores as the options open them, and files of users. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openSqliteStore } from '../../src/adapters/stores/sqlite.ts';
import { openUserStores } from '../../src/adapters/user-stores/open-user-stores.ts';
import { userStoreOptions } from '../../src/adapters/user-stores/options.ts';
import { hashPassword } from '../../src/adapters/user-stores/password.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { loadConfig } from '../../src/platform/config/load.ts';
import { section } from '../../src/platform/config/schema.ts';
import type { EventLog } from '../../src/platform/log.ts';

/** Of the test, and removed after it. */
export const folder = mkdtempSync(join(tmpdir(), 'postern-users-'));
after(() => rmSync(folder, { recursive: true }));
export const clock = new ManualClock(1_700_000_000_000);
export const schema = section('', { userStores: userStoreOptions });

interface Logged {
  readonly level: string;
  readonly fields: unknown;
  readonly message: string;
}
/** What the stores told the log. */
export const logged: Logged[] = [];
const note = (level: string) => (fields: unknown, message: string) => void logged.push({ level, fields, message });
const log = { info: note('info'), warn: note('warn'), error: note('error') } as unknown as EventLog;

/** A store with these options in TOML, of the name CORP unless they say otherwise, beside a database with nobody. */
export async function openStores(toml: string) {
  const file = join(folder, `${Math.random()}.toml`);
  writeFileSync(file, toml.startsWith('[') ? toml : `[userStores.CORP]\n${toml}`);
  const { userStores } = loadConfig(schema, { file });
  const store = await openSqliteStore(':memory:', clock);
  const { users, close } = await openUserStores({ store, clock, log }, userStores);
  return {
    users,
    store,
    async close() {
      await close();
      await store.close();
    },
  };
}

/** How roles of the store CORP are called here. */
export const inCorp = (theirs: readonly string[]): string[] =>
  [...theirs.map((role) => `CORP/${role}`), 'Internal/everyone'].toSorted();

/** What is in a file of users. */
export class UsersFile {
  readonly path = join(folder, `${Math.random()}-users.toml`);
  readonly #users = new Map<string, string>();

  constructor() {
    this.write();
  }

  async put(name: string, password: string, roles: readonly string[] = [], more = ''): Promise<void> {
    const hash = await hashPassword(password);
    this.#users.set(name, `[users.${name}]\npassword = "${hash}"\nroles = ${JSON.stringify(roles)}\n${more}\n`);
    this.write();
  }

  remove(name: string): void {
    this.#users.delete(name);
    this.write();
  }

  write(text = [...this.#users.values()].join('\n')): void {
    writeFileSync(this.path, text);
  }
}
