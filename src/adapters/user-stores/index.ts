/** The kinds of user store; each is loaded by who uses it. */
export const userStores = {
  database: async () => (await import('./database.ts')).databaseUserStore,
} as const;
