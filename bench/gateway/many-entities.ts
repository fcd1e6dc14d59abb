/**
 * Very many entities, written where the hub reads them. Each by way of its own transaction's statements would take
 * minutes, and gateways see no difference.
 */
import { randomUUID } from 'node:crypto';
import type { Queryable } from '../../src/adapters/stores/store.ts';
import type { Api } from '../../src/core/api.ts';
import type { Subscription } from '../../src/core/application.ts';
import { type Revocation, revocationId } from '../../src/core/revocation.ts';
import type { EntityKind } from '../../src/core/snapshot.ts';

const atOnce = 200;
const expires = Math.floor(Date.now() / 1000) + 86_400;

/** The revoked tokens: none of them is ever sent. */
export const revokedJti = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;

export function insertRevocations(db: Queryable, issuer: string, count: number): Promise<void> {
  return insert(db, count, (at) => {
    const value: Revocation = { type: 'token', issuer, value: revokedJti(at), expires };
    return [row('revocation', revocationId(value), value, expires)];
  });
}

/** Makes `api1`, `api2` … like the one that is there, with the same subscriptions, until there are so many. */
export async function multiplyApi(db: Queryable, name: string, count: number): Promise<void> {
  const bodies = async <T>(kind: EntityKind): Promise<T[]> => {
    const rows = await db.selectFrom('entities').select('body').where('kind', '=', kind).execute();
    return rows.map(({ body }) => JSON.parse(body) as T);
  };
  const model = (await bodies<Api>('api')).find((api) => api.name === name);
  if (model === undefined) throw new Error(`there is no API ${name} to make others like`);
  const subscriptions = (await bodies<Subscription>('subscription')).filter(({ apiId }) => apiId === model.id);
  await insert(db, count - 1, (at) => {
    const api = { ...model, id: randomUUID(), name: `api${at + 1}`, context: `/api${at + 1}` };
    const its = subscriptions.map((one) => ({ ...one, id: randomUUID(), apiId: api.id }));
    return [row('api', api.id, api), ...its.map((one) => row('subscription', one.id, one))];
  });
}

const row = (kind: EntityKind, id: string, value: object, expires_at: number | null = null) => ({
  kind,
  id,
  body: JSON.stringify(value),
  number: 1,
  expires_at,
});

async function insert(db: Queryable, count: number, rows: (at: number) => ReturnType<typeof row>[]): Promise<void> {
  for (let at = 0; at < count; at += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - at) }, (_, i) => rows(at + i));
    await db.insertInto('entities').values(some.flat()).execute();
  }
}
