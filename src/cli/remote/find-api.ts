/** Finds an API by its name and version, as a publisher or as a developer sees it. */
import type { Connection } from './connection.ts';

export interface ApiName {
  readonly name: string;
  readonly version: string;
  /** Absent = whoever it belongs to. */
  readonly provider?: string;
}

/**
 * @param api whose list is searched: `publisher` has what the user may see and change, `store` what is published
 * @returns undefined when there is none
 */
export async function findApi<T extends ApiName>(
  connection: Connection,
  api: 'publisher' | 'store',
  { name, version, provider }: ApiName,
): Promise<T | undefined> {
  const query = encodeURIComponent(`name:${name} version:${version}`);
  const { list } = await connection.get<{ readonly list: readonly T[] }>(api, `/apis?query=${query}&limit=1000`);
  const bare = (user: unknown): string => String(user).replace(/@carbon\.super$/, '');
  // The search finds names that only contain what is searched for.
  return list.find(
    (one) =>
      one.name === name && one.version === version && (provider === undefined || bare(one.provider) === bare(provider)),
  );
}
