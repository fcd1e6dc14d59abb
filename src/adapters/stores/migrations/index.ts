/** Every migration, oldest first. A name never changes once released; its order is the order of names. */
import type { Migration } from 'kysely/migration';
import * as initial from './0001-initial.ts';

export const migrations: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
};
