/**
 * Users of an LDAP directory (RFC 4511): one is searched for, and then bound as with the password that was given. Nothing
 * is written there, and no answer is kept: who is deleted or disabled there gets nothing more here.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Client, Entry } from 'ldapts';
import { OperatorError } from '../../../platform/operator-error.ts';
import { isMemberName, type Member, type OpenSecondary } from '../secondary.ts';
import { UserStoreUnavailableError } from '../user-store.ts';
import { WrongPasswords } from '../wrong-passwords.ts';
import { fillFilter, firstValue } from './escape.ts';
import { resultCode, resultCodes } from './result-code.ts';
import { LdapServers } from './servers.ts';

/** Users that a list goes through at most. */
const mostListed = 10_000;

export const openLdapUsers: OpenSecondary = async ({ name: store, options, clock, log }) => {
  const { userBase, userFilter, listFilter, nameAttribute, memberOfAttribute, groupBase } = options;
  for (const filter of ['userFilter', 'listFilter', 'groupFilter'] as const) await checkFilter(filter, options[filter]);
  const ca = options.ca === '' ? undefined : readAuthorities(resolve(options.ca));
  const servers = new LdapServers({ ...options, store, ca }, clock, log);
  const wrong = new WrongPasswords(clock);
  const attributes = [nameAttribute, ...(memberOfAttribute === '' ? [] : [memberOfAttribute])];

  const nameOf = (entry: Entry): string | null => {
    // Of several the same one each time, however they come: the name is the subject of tokens.
    const name = textsOf(entry, nameAttribute).toSorted()[0];
    return name !== undefined && isMemberName(name) ? name : null;
  };
  const entryOf = async (client: Client, name: string): Promise<Entry | null> => {
    if (!isMemberName(name)) return null;
    const filter = fillFilter(userFilter, { name });
    const found = await search(client, userBase, { filter, attributes, sizeLimit: 2 });
    if (found.length > 1) log.warn({ store }, 'a name stands for several users of a user store, and thereby for none');
    return found.length === 1 ? (found[0] as Entry) : null;
  };
  const rolesOf = async (client: Client, entry: Entry, name: string): Promise<string[]> => {
    const own = memberOfAttribute === '' ? [] : textsOf(entry, memberOfAttribute).map(firstValue);
    if (groupBase === '') return own;
    const { groupFilter, groupNameAttribute } = options;
    const filter = fillFilter(groupFilter, { dn: entry.dn, name });
    const groups = await search(client, groupBase, { filter, attributes: [groupNameAttribute] });
    return [...own, ...groups.flatMap((group) => textsOf(group, groupNameAttribute).slice(0, 1))];
  };
  const memberOf = async (client: Client, entry: Entry | null): Promise<Member | null> => {
    const name = entry && nameOf(entry);
    return entry && name !== null ? { name, roles: [...new Set(await rolesOf(client, entry, name))] } : null;
  };
  /** What a server says that is no answer to us is told the log, and is nobody's fault who logs in. */
  const ask = <T>(question: (client: Client) => Promise<T>, gone?: () => boolean): Promise<T> =>
    servers.ask(question, gone).catch((cause: Error) => {
      if (resultCode(cause) === null) throw cause;
      log.error({ store, err: cause }, 'a user store refuses to be searched');
      throw new UserStoreUnavailableError(store, { cause });
    });

  return {
    async verify(given, password, from) {
      const found = await ask(async (client) => {
        const entry = await entryOf(client, given);
        return { dn: entry?.dn, member: await memberOf(client, entry) };
      }, from?.gone);
      // The directory finds one user under many spellings; all of them are one here.
      const name = found.member?.name ?? given.toLowerCase();
      if (from && wrong.heldOff(name, from.address) > 0) return null;
      // Somebody who is not there is asked for too, so that the time tells nothing.
      const dn = found.dn ?? `cn=${randomUUID()},${userBase}`;
      const right = await servers.matches(dn, password, from?.gone);
      if (from) wrong[right ? 'right' : 'wrong'](name, from.address);
      return right ? found.member : null;
    },
    find: (name) => ask(async (client) => memberOf(client, await entryOf(client, name))),
    list: ({ name, role, offset, limit }) =>
      ask(async (client) => {
        const part = name === undefined ? '' : fillFilter(`(${nameAttribute}=*{part}*)`, { part: name });
        const filter = `(&${listFilter}${part})`;
        const entries = await search(client, userBase, { filter, attributes, paged: true, sizeLimit: mostListed });
        const named = entries
          .flatMap((entry) => {
            const one = nameOf(entry);
            return one === null ? [] : [{ entry, name: one }];
          })
          .toSorted((a, b) => (a.name < b.name ? -1 : 1));
        if (role === undefined) {
          const users = await rolesOfAll(client, named.slice(offset, offset + limit));
          return { users, total: named.length };
        }
        const having = (await rolesOfAll(client, named)).filter(({ roles }) => roles.includes(role));
        return { users: having.slice(offset, offset + limit), total: having.length };
      }),
    async close() {
      servers.close();
    },
  };

  async function rolesOfAll(
    client: Client,
    entries: readonly { readonly entry: Entry; readonly name: string }[],
  ): Promise<Member[]> {
    const members: Member[] = [];
    for (const { entry, name } of entries) members.push({ name, roles: await rolesOf(client, entry, name) });
    return members;
  }
};

/** Nothing, if what is searched below is not there. Referrals to other servers are not followed. */
async function search(
  client: Client,
  base: string,
  options: { filter: string; attributes: string[]; sizeLimit?: number; paged?: boolean },
): Promise<Entry[]> {
  const { sizeLimit = 1000, paged = false, ...rest } = options;
  try {
    const found = await client.search(base, {
      ...rest,
      scope: 'sub',
      ...(paged ? { paged: { pageSize: 500 } } : { sizeLimit }),
    });
    return found.searchEntries.slice(0, sizeLimit);
  } catch (error) {
    if (resultCode(error) === resultCodes.noSuchObject) return [];
    // More than one user of the name.
    if (resultCode(error) === resultCodes.sizeLimitExceeded && sizeLimit === 2) return [];
    throw error;
  }
}

function textsOf(entry: Entry, attribute: string): string[] {
  // Names of attributes have no case (RFC 4512 section 2.5).
  const key = Object.keys(entry).find((one) => one.toLowerCase() === attribute.toLowerCase());
  const value = key === undefined ? [] : entry[key];
  return (Array.isArray(value) ? value : [value]).flatMap((one) =>
    typeof one === 'string' && one !== '' ? [one] : [],
  );
}

async function checkFilter(name: string, filter: string): Promise<void> {
  const { FilterParser } = await import('ldapts');
  try {
    FilterParser.parseString(filter);
  } catch {
    throw new OperatorError(`${name}: expected a filter (RFC 4515), got ${JSON.stringify(filter)}`);
  }
}

function readAuthorities(file: string): string {
  try {
    const pem = readFileSync(file, 'latin1');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  } catch (error) {
    throw new OperatorError(`ca: ${file} can't be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  throw new OperatorError(`ca: ${file}: expected certificates in PEM`);
}
