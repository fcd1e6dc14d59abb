/** The kinds of user store; each is loaded by who uses it. The database is the primary one, the others are beside it. */
import type { OpenSecondary } from './secondary.ts';

export const userStores = {
  database: async () => (await import('./database.ts')).databaseUserStore,
} as const;

export const secondaryUserStores: Readonly<Record<'file' | 'ldap' | 'module', () => Promise<OpenSecondary>>> = {
  file: async () => (await import('./file.ts')).openFileUsers,
  ldap: async () => (await import('./ldap/ldap.ts')).openLdapUsers,
  module: async () => (await import('./module.ts')).openModuleUsers,
};
