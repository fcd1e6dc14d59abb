/** `postern restore`: a store of what a backup has, with a history of its own. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Transaction } from 'kysely';
import { recordAudit } from '../../adapters/stores/audit-log.ts';
import { BackupError } from '../../adapters/stores/backup/format.ts';
import { keepExpulsions, readExpulsions } from '../../adapters/stores/backup/keep-expulsions.ts';
import { type BackupContents, inspectBackup, restoreBackup } from '../../adapters/stores/backup/restore-backup.ts';
import { revokeIssued } from '../../adapters/stores/backup/revoke-issued.ts';
import type { Schema } from '../../adapters/stores/schema.ts';
import type { Expulsion } from '../../core/expulsion.ts';
import { systemClock } from '../../platform/clock.ts';
import { replaceFile } from '../../platform/durable-file.ts';
import { takeLock } from '../../platform/process-lock.ts';
import { openSeal } from '../../platform/seal.ts';
import { openDataFolder } from '../data-folder.ts';
import { writeLastStore } from '../last-store.ts';
import { note, Progress } from '../remote/progress.ts';
import { sealCheck } from '../roles/open-store.ts';
import { type StoreArguments, storePlace, storeSettings } from '../store-place.ts';

export interface RestoreArguments extends StoreArguments {
  readonly file: string;
  readonly force?: boolean;
  readonly revokeIssued?: boolean;
}

export async function restore({ file, force = false, ...given }: RestoreArguments): Promise<void> {
  const settings = storeSettings(given);
  const { data } = settings;
  const path = resolve(file);
  // Read to its end before anything is touched.
  const contents = await inspectBackup(path);
  const secrets = secretsToWrite(data, contents, force);
  const place = await storePlace(settings);
  const progress = new Progress();
  let revoked: number | null = null;
  /** Null = the store that was there could not be read. */
  let expelled: readonly Expulsion[] | null = [];
  try {
    openDataFolder(data);
    const unlock = takeLock(join(data, 'management.lock'), `the data folder ${data}`);
    try {
      if (!force && !(await place.isEmpty())) {
        throw new BackupError(`${place.name} has a store already; --force puts the backup in its place`);
      }
      expelled = await readExpulsions(place, { key: sealCheck, value: contents.meta.get(sealCheck) });
      await restoreBackup(
        place,
        path,
        contents,
        async (db) => {
          expelled &&= await keepExpulsions(db, expelled, systemClock);
          if (given.revokeIssued) revoked = await revokeIssued(db, systemClock);
          // One that was used since would be good again.
          await db.deleteFrom('gateway_invitations').execute();
          await recordRestore(db, contents, given.revokeIssued === true);
          for (const [name, content] of secrets) writeSecret(join(data, name), content);
        },
        (table, rows) => progress.show(`${table}: ${rows}`),
      );
      writeLastStore(settings);
    } finally {
      unlock();
    }
  } finally {
    progress.end();
    await place.close();
  }
  report(contents, { place: place.name, revoked, expelled });
}

/**
 * The files of the backup that are not in the data folder as they are.
 * @throws BackupError when what is sealed in the backup could not be opened
 */
function secretsToWrite(data: string, { files, meta }: BackupContents, force: boolean): [string, Buffer][] {
  const missing = [...files].filter(([path, content]) => {
    const file = join(data, path);
    if (!existsSync(file)) return true;
    if (readFileSync(file).equals(content)) return false;
    if (force) return true;
    throw new BackupError(`${file} is another one than that of the backup; --force replaces it`);
  });
  const key = join('keys', 'store.key');
  if (files.has(key)) return missing;
  const file = join(data, key);
  if (!existsSync(file)) {
    throw new BackupError(
      `the backup has no keys, and there is no ${file}; put keys/ and certificates/ of the installation there that it was made of`,
    );
  }
  const sealed = meta.get(sealCheck);
  if (sealed !== undefined) openSeal(file).open(sealed, sealCheck);
  return missing;
}

/** The history that the log tells has a break here. */
function recordRestore(db: Transaction<Schema>, { header }: BackupContents, revokesIssued: boolean): Promise<void> {
  const after = { backup: new Date(header.atMs).toISOString(), revokeIssued: revokesIssued };
  const entry = { actor: 'postern restore', action: 'restore', kind: 'store', id: header.epoch, name: 'store', after };
  return recordAudit({ db, record: () => {} }, { ...entry, at: systemClock.now() });
}

function writeSecret(file: string, content: Buffer): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, content.toString('utf8'));
}

interface Restored {
  /** Where the store is. */
  readonly place: string;
  /** Entries that revoke what was issued; null = nothing is revoked. */
  readonly revoked: number | null;
  readonly expelled: readonly Expulsion[] | null;
}

function report({ header, rows }: BackupContents, { place, revoked, expelled }: Restored): void {
  const age = Math.max(0, Math.round((systemClock.now() - header.atMs) / 1000));
  process.stdout.write(
    `${place}: ${rows} rows, the state of ${new Date(header.atMs).toISOString()}, ${age} seconds ago\n`,
  );
  note('gateways load everything anew when they hear of it; each keeps the revocations that it holds');
  note(
    'what was decided after that time is gone: changes of APIs, applications, users, passwords, revocations, and who enrolled or was expelled',
  );
  if (revoked !== null) {
    note(
      `every token and API key issued before now is revoked, by ${revoked} entries for all clients and users that it knows`,
    );
  } else {
    note(
      'a gateway that is new takes tokens again that were revoked since; --revoke-issued revokes all that were issued',
    );
  }
  if (expelled !== null && expelled.length > 0) {
    note(
      `the store that was here had expelled them, and they stay so: ${expelled.map((one) => one.gateway).join(', ')}`,
    );
  }
  note(
    `${expelled === null ? 'the store that was here can not be read: ' : ''}gateways that were expelled since, and not named here, are let in again; after the start: postern gateways expel NAME`,
  );
}
