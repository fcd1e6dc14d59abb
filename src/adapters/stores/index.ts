/** The kinds of store. */
import { openSqliteStore } from './sqlite.ts';

export const stores = { sqlite: openSqliteStore } as const;
