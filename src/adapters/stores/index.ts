/** The kinds of store; each is loaded by who uses it. */
export const stores = {
  sqlite: async () => (await import('./sqlite.ts')).openSqliteStore,
  postgresql: async () => (await import('./postgresql.ts')).openPostgresqlStore,
} as const;
