/** A user store that somebody else wrote: a module whose default export opens it. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OperatorError } from '../../platform/operator-error.ts';
import { isMemberName, type Member, type OpenSecondary, type SecondaryUserStore } from './secondary.ts';
import { UserStoreUnavailableError } from './user-store.ts';

const methods = ['verify', 'find', 'list', 'close'] as const;

export const openModuleUsers: OpenSecondary = async (deps) => {
  const { name: domain, options, log } = deps;
  const file = resolve(options.module);
  const loaded = (await import(pathToFileURL(file).href).catch((error: Error) => {
    throw new OperatorError(`the module ${file} can't be loaded: ${error.message}`);
  })) as { default?: unknown };
  if (typeof loaded.default !== 'function') {
    throw new OperatorError(`the module ${file}: expected a function as its default export`);
  }
  const store = (await (loaded.default as OpenSecondary)(deps)) as Partial<SecondaryUserStore>;
  const missing = methods.filter((method) => typeof store?.[method] !== 'function');
  if (missing.length > 0) throw new OperatorError(`the module ${file}: its user store lacks ${missing.join(', ')}`);
  const whole = store as SecondaryUserStore;
  /** What somebody else's code throws is told the log, and nobody else. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      log.error({ err: cause as Error, store: domain }, 'a user store failed');
      throw new UserStoreUnavailableError(domain, { cause });
    }
  };
  const checked = (member: Member | null): Member | null => {
    if (!member) return null;
    if (isMemberName(member.name) && Array.isArray(member.roles)) return member;
    throw new Error('expected a user with a name without / and @, and roles');
  };
  return {
    verify: async (name, password, from) =>
      password === '' ? null : guarded(async () => checked(await whole.verify(name, password, from))),
    find: (name) => guarded(async () => checked(await whole.find(name))),
    list: (search) => guarded(() => whole.list(search)),
    close: () => whole.close(),
  };
};
