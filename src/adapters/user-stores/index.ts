/** The kinds of user store. */
import { databaseUserStore } from './database.ts';

export const userStores = { database: databaseUserStore } as const;
