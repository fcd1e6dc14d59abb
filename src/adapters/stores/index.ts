/** The kinds of store; each is loaded by who uses it. */
export const stores = {
  sqlite: async () => (await import('./sqlite.ts')).openSqliteStore,
  postgresql: async () => (await import('./postgresql.ts')).openPostgresqlStore,
  /** All of a store, to be copied or replaced. */
  sqlitePlace: async () => (await import('./backup/sqlite-place.ts')).sqlitePlace,
  postgresqlPlace: async () => (await import('./backup/postgresql-place.ts')).postgresqlPlace,
} as const;
