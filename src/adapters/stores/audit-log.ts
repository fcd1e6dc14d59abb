/** The audit log in SQL: who changed what, when, from what to what. Written in the transaction of the change. */
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type AuditRow = Omit<Schema['audit_log'], 'number'> & { readonly number: number };

export interface AuditEntry {
  /** `name@tenant` of who did it. */
  readonly actor: string;
  /** A verb: `create`, `update`, `delete`, `block`, `publish` … */
  readonly action: string;
  /** What kind of thing: `api`, `application`, `subscription`, `policy`, `user` … */
  readonly kind: string;
  readonly id: string;
  /** As people call it. */
  readonly name: string;
  /** What it was and became, as far as that tells; never a secret. Absent = nothing to tell. */
  readonly before?: unknown;
  readonly after?: unknown;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export async function recordAudit(tx: StoreTransaction, entry: AuditEntry): Promise<void> {
  const { actor, action, kind, id, name, before, after, at } = entry;
  await tx.db
    .insertInto('audit_log')
    .values({ at_ms: at, actor, action, kind, entity_id: id, name, before: json(before), after: json(after) })
    .execute();
}

export interface AuditFilter {
  readonly actor?: string;
  readonly kind?: string;
  readonly id?: string;
  readonly offset: number;
  readonly limit: number;
}

/** The newest first, with the number of all that fit. */
export async function listAudit(db: Queryable, filter: AuditFilter): Promise<{ rows: AuditRow[]; total: number }> {
  let query = db.selectFrom('audit_log');
  if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor);
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  if (filter.id !== undefined) query = query.where('entity_id', '=', filter.id);
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query.selectAll().orderBy('number', 'desc').offset(filter.offset).limit(filter.limit).execute();
  return { rows, total: Number(total) };
}

const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
