/** Which clients act for a user: he has agreed to it, or they have tokens of his that live. */
import type { Queryable } from './store.ts';

export interface GrantedClient {
  readonly consumerKey: string;
  /** Of its application, or its own. */
  readonly name: string;
  /** What he agreed to; empty = he was never asked. */
  readonly scopes: readonly string[];
  /** Seconds since the epoch; null = he was never asked. */
  readonly agreedAt: number | null;
  /** By which grants he has tokens there that live, in alphabetical order; refreshes are those of what they began with. */
  readonly grants: readonly string[];
  /** When the newest token that lives was issued; null = there is none. */
  readonly issuedAt: number | null;
}

/** By name. */
export async function grantedClients(db: Queryable, subject: string, now: number): Promise<GrantedClient[]> {
  const access = db
    .selectFrom('access_tokens')
    .where('user_type', '=', 'APPLICATION_USER')
    .where('state', '!=', 'REVOKED')
    .where('subject', '=', subject)
    .where('expires_at', '>', now)
    .groupBy(['consumer_key', 'grant_type'])
    .select(['consumer_key', 'grant_type', (e) => e.fn.max('issued_at').as('issued_at')]);
  const refresh = db
    .selectFrom('refresh_tokens')
    .where('state', '=', 'ACTIVE')
    .where('subject', '=', subject)
    .where('expires_at', '>', now)
    .groupBy(['consumer_key', 'grant_type'])
    .select(['consumer_key', 'grant_type', (e) => e.fn.max('issued_at').as('issued_at')]);
  const issued = new Map<string, { at: number; grants: Set<string> }>();
  for (const { consumer_key, grant_type, issued_at } of [...(await access.execute()), ...(await refresh.execute())]) {
    const { at, grants } = issued.get(consumer_key) ?? { at: 0, grants: new Set<string>() };
    if (grant_type !== '' && grant_type !== 'refresh_token') grants.add(grant_type);
    issued.set(consumer_key, { at: Math.max(at, Number(issued_at)), grants });
  }
  const agreed = new Map(
    (await db.selectFrom('consents').selectAll().where('subject', '=', subject).execute()).map((row) => [
      row.consumer_key,
      row,
    ]),
  );
  const keys = [...new Set([...issued.keys(), ...agreed.keys()])];
  if (keys.length === 0) return [];
  const clients = await db
    .selectFrom('clients')
    .leftJoin('applications', 'applications.id', 'clients.application_id')
    .select(['consumer_key', 'clients.name', 'applications.name as application'])
    .where('consumer_key', 'in', keys)
    .execute();
  const found = clients.map(({ consumer_key, name, application }): GrantedClient => {
    const consent = agreed.get(consumer_key);
    return {
      consumerKey: consumer_key,
      name: application ?? name,
      scopes: consent ? consent.scope.split(' ').filter((scope) => scope !== '') : [],
      agreedAt: consent ? Number(consent.granted_at) : null,
      grants: [...(issued.get(consumer_key)?.grants ?? [])].toSorted(),
      issuedAt: issued.get(consumer_key)?.at ?? null,
    };
  });
  return found.toSorted((a, b) => a.name.localeCompare(b.name) || (a.consumerKey < b.consumerKey ? -1 : 1));
}
