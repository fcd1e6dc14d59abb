/**
 * Where the store was that Postern last used with a data folder: a command that is called without the address of the
 * database would take the file in the folder, which is another store, or none.
 */
import { join } from 'node:path';
import { withoutPassword } from '../adapters/stores/postgresql/without-password.ts';
import { replaceFile } from '../platform/durable-file.ts';
import { readBounded } from '../platform/read-bounded.ts';
import { UsageError } from './fail.ts';
import { type Settings, storeFile } from './settings.ts';

type StoreSettings = Pick<Settings, 'data' | 'options'>;

/** What is written for the file in the folder. */
const embedded = 'postern.db';
const file = (data: string): string => join(data, 'store.place');

/** Called when the store is open, or restored. The file has no password. */
export function writeLastStore({ data, options }: StoreSettings): void {
  const { url } = options.store;
  replaceFile(file(data), `${url === '' ? embedded : withoutPassword(url)}\n`);
}

/**
 * What the operator has to be told when Postern is to use the file in a folder that it used a database with; null = nothing.
 */
export function leftDatabase(settings: StoreSettings): string | null {
  const place = forgottenDatabase(settings);
  return place && `Postern last used ${place} with this data folder; now it uses ${storeFile(settings)}, another store`;
}

/** Before a store is copied or replaced: the wrong one would be, without a word. @throws UsageError */
export function refuseForgottenDatabase(settings: StoreSettings, flags: readonly string[]): void {
  // Said with so many words.
  if (flags.some((flag) => flag.toLowerCase() === '--store.url=')) return;
  const place = forgottenDatabase(settings);
  if (place === null) return;
  throw new UsageError(
    `Postern last used ${place} with ${settings.data}: say where the store is, with --config FILE or --store.url=postgresql://… (--store.url= is the file ${storeFile(settings)})`,
  );
}

function forgottenDatabase({ data, options }: StoreSettings): string | null {
  if (options.store.url !== '') return null;
  let last: string;
  try {
    last = readBounded(file(data), { maxBytes: 1000 }).toString('utf8').trim();
  } catch {
    // None was used yet, or by a version that didn't say it.
    return null;
  }
  return last === embedded || last === '' ? null : last;
}
