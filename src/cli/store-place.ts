/** Where the store is that the settings name, for commands that copy all of it. */

import type { StorePlace } from '../adapters/stores/backup/place.ts';
import { stores } from '../adapters/stores/index.ts';
import { refuseForgottenDatabase } from './last-store.ts';
import { readSettings, type Settings, storeFile } from './settings.ts';

/** What a command is called with that works on the store and listens nowhere. */
export interface StoreArguments {
  readonly data: string;
  readonly config?: string;
  /** `--section.key=value` as given. */
  readonly flags: readonly string[];
}

/** @throws ConfigError, and UsageError when Postern uses a database with the folder and none is named */
export function storeSettings({ data, config, flags }: StoreArguments): Settings {
  const settings = readSettings({ data, ...(config !== undefined && { config }), flags, portOffset: 0 });
  refuseForgottenDatabase(settings, flags);
  return settings;
}

/** @throws StoreError when a database can't be reached */
export async function storePlace(settings: Settings): Promise<StorePlace> {
  const { url } = settings.options.store;
  return url === '' ? (await stores.sqlitePlace())(storeFile(settings)) : (await stores.postgresqlPlace())(url);
}
