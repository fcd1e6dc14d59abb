/** `postern backup`: everything in the store, in one file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { filePattern } from '../../adapters/stores/backup/format.ts';
import { writeBackup } from '../../adapters/stores/backup/write-backup.ts';
import { systemClock } from '../../platform/clock.ts';
import { note, Progress } from '../remote/progress.ts';
import { type StoreArguments, storePlace, storeSettings } from '../store-place.ts';
import { version } from '../version.ts';

export interface BackupArguments extends StoreArguments {
  readonly file: string;
  readonly withKeys?: boolean;
  readonly force?: boolean;
}

export async function backup({ file, withKeys = false, force = false, ...given }: BackupArguments): Promise<void> {
  const settings = storeSettings(given);
  const path = resolve(file);
  const place = await storePlace(settings);
  const progress = new Progress();
  try {
    const { header, rows } = await writeBackup(place, path, {
      force,
      writtenBy: version(),
      files: withKeys ? secretFiles(settings.data) : [],
      now: () => systemClock.now(),
      progress: (table, count) => progress.show(`${table}: ${count}`),
    });
    progress.end();
    process.stdout.write(
      `${path}: ${rows} rows, the state of ${place.name} at ${new Date(header.atMs).toISOString()}\n`,
    );
  } finally {
    progress.end();
    await place.close();
  }
  if (withKeys) {
    note(
      'warning: the file has the keys of this installation: who reads it can open every secret, and issue certificates',
    );
  } else {
    note(`the file needs ${join(settings.data, 'keys')} and certificates beside it, which are not in it (--with-keys)`);
  }
}

function secretFiles(data: string): { path: string; content: Buffer }[] {
  return ['keys', 'certificates']
    .filter((folder) => existsSync(join(data, folder)))
    .flatMap((folder) => readdirSync(join(data, folder), { withFileTypes: true }).map((entry) => ({ folder, entry })))
    .filter(({ folder, entry }) => entry.isFile() && filePattern.test(`${folder}/${entry.name}`))
    .filter(({ entry }) => !entry.name.endsWith('.tmp'))
    .map(({ folder, entry: { name } }) => ({
      path: `${folder}/${name}`,
      content: readFileSync(join(data, folder, name)),
    }));
}
