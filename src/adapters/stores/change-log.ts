/** The numbered changes in SQL: written as the outbox of each transaction, read by the hub. */
import { randomBytes } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ChangeEvent, Position } from '../../core/events.ts';
import { never } from '../../core/revocation.ts';
import { type EntityChange, type EntityKind, entityKinds } from '../../core/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Engine, Reading } from './engine.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';
import type { ChangeLog, Queryable, StoreHead, StoreSnapshot } from './store.ts';

type Row = { kind: string; id: string; body: string | null };

const entity = (row: Row): EntityChange =>
  ({ kind: row.kind, id: row.id, value: row.body === null ? null : JSON.parse(row.body) }) as EntityChange;

const event = ({ number, at_ms, ...row }: Row & { number: number; at_ms: number }): ChangeEvent => ({
  type: 'change',
  number,
  at: at_ms,
  ...entity(row),
});

/** Makes the store's epoch on first use. */
async function makeEpoch(db: Kysely<Schema>): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key: 'epoch', value: randomBytes(12).toString('base64url') })
    .onConflict((c) => c.doNothing())
    .execute();
}

/**
 * Numbers and writes the changes of a transaction; must be its last statements. The update of `head` holds the
 * counter's row until commit, so numbers have no gaps and are in commit order, also with several writers.
 */
export async function appendChanges(
  tx: Transaction<Schema>,
  changes: readonly EntityChange[],
  clock: Clock,
): Promise<ChangeEvent[]> {
  const { number: last } = await tx
    .updateTable('head')
    .set({
      number: sql<number>`number + ${changes.length}`,
      ...(changes.some(revokesAll) && { revoked_all: sql<number>`number + ${changes.length}` }),
    })
    .returning('number')
    .executeTakeFirstOrThrow();
  const first = last - changes.length + 1;
  const at_ms = clock.now();
  const rows = changes.map((change, at) => ({
    number: first + at,
    kind: change.kind,
    id: change.id,
    body: change.value === null ? null : JSON.stringify(change.value),
    at_ms,
  }));
  for (const some of chunks(rows)) await tx.insertInto('changes').values(some).execute();
  await writeEntities(tx, changes, rows);
  return changes.map((change, at) => ({ type: 'change', number: first + at, at: at_ms, ...change }));
}

/** Whether it is about all tokens of a subject or of a client. */
const revokesAll = ({ kind, value }: EntityChange): boolean =>
  kind === 'revocation' && (value?.type === 'subject' || value?.type === 'client');

/** Brings the present state up to the changes. Of several changes of one entity the last one counts. */
async function writeEntities(
  tx: Transaction<Schema>,
  changes: readonly EntityChange[],
  rows: readonly (Row & { number: number })[],
): Promise<void> {
  const latest = new Map(
    rows.map((row, at) => [`${row.kind} ${row.id}`, { row, change: changes[at] as EntityChange }]),
  );
  const puts: Schema['entities'][] = [];
  for (const { row, change } of latest.values()) {
    if (row.body === null) {
      await tx.deleteFrom('entities').where('kind', '=', row.kind).where('id', '=', row.id).execute();
    } else {
      puts.push({ kind: row.kind, id: row.id, body: row.body, number: row.number, expires_at: expiry(change) });
    }
  }
  for (const some of chunks(puts)) {
    await tx
      .insertInto('entities')
      .values(some)
      .onConflict((c) =>
        c.columns(['kind', 'id']).doUpdateSet((e) => ({
          body: e.ref('excluded.body'),
          number: e.ref('excluded.number'),
          expires_at: e.ref('excluded.expires_at'),
        })),
      )
      .execute();
  }
}

/** Only revocations end by themselves, and a revocation of a token that never expires does not. */
function expiry(change: EntityChange): number | null {
  if (change.kind !== 'revocation' || change.value === null || change.value.expires >= never) return null;
  return change.value.expires;
}

/** Several rows a statement, within every engine's limit of parameters. */
function* chunks<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += 100) yield rows.slice(at, at + 100);
}

/** Entities that are read at once. */
const entityPage = 2000;

/** All entities of a kind, as they are stored, a page at a time. */
async function* readPages(reading: Reading, kind: EntityKind): AsyncGenerator<readonly { id: string; body: string }[]> {
  for (let last: string | null = null; ; ) {
    const query = reading.db.selectFrom('entities').select(['id', 'body']).where('kind', '=', kind);
    const after: string | null = last;
    const rows = await (after === null ? query : query.where('id', '>', after))
      .orderBy('id')
      .limit(entityPage)
      .execute();
    yield rows;
    if (rows.length < entityPage) break;
    last = rows.at(-1)?.id ?? null;
  }
}

/** Entities, kind by kind. Ends the reading, at the end or, if `goesOn`, only if nobody reads that far. */
async function* readEntities(
  reading: Reading,
  kinds: readonly EntityKind[],
  goesOn: boolean,
): AsyncGenerator<EntityChange> {
  let whole = false;
  try {
    for (const kind of kinds) {
      for await (const rows of readPages(reading, kind)) for (const row of rows) yield entity({ kind, ...row });
    }
    whole = true;
  } finally {
    if (!whole || !goesOn) await reading.end();
  }
}

async function* readRevocations(reading: Reading): AsyncGenerator<readonly string[]> {
  try {
    for await (const rows of readPages(reading, 'revocation')) yield rows.map(({ body }) => body);
  } finally {
    await reading.end();
  }
}

/** Changes that are read at once to be announced. */
const pageSize = 500;

export class SqlChangeLog implements ChangeLog {
  readonly #db: Kysely<Schema>;
  readonly #engine: Engine;
  readonly #listeners = new Set<(changes: readonly ChangeEvent[]) => void>();
  /** The last number that was announced here. */
  #announced: number;
  /** The newest number that is known to be committed. */
  #heard: number;
  #reading: Promise<void> | null = null;
  #looking = false;
  #lookAgain = false;
  #epoch: string | null = null;

  private constructor(db: Kysely<Schema>, engine: Engine, head: number) {
    this.#db = db;
    this.#engine = engine;
    this.#announced = head;
    this.#heard = head;
  }

  static async open(db: Kysely<Schema>, engine: Engine): Promise<SqlChangeLog> {
    await makeEpoch(db);
    return new SqlChangeLog(db, engine, await headNumber(db));
  }

  async head(): Promise<Position> {
    const announced = this.#announced;
    const head = await this.#head(this.#db);
    // The database was put back to an earlier state beneath us: what is news begins there.
    if (head.number < announced || (this.#epoch !== null && head.epoch !== this.#epoch)) {
      this.#announced = head.number;
      this.#heard = head.number;
    }
    this.#epoch = head.epoch;
    return head;
  }

  async has({ number, at }: Position): Promise<boolean> {
    const there = await timeOf(this.#db, number);
    return at === undefined || there === undefined || at === there;
  }

  async after(number: number, limit: number): Promise<ChangeEvent[] | null> {
    // The head first: a commit between the two reads must not look like a gap.
    const head = await headNumber(this.#db);
    const rows = await this.#db
      .selectFrom('changes')
      .select(['number', 'kind', 'id', 'body', 'at_ms'])
      .where('number', '>', number)
      .orderBy('number')
      .limit(limit)
      .execute();
    const first = rows[0];
    if (first ? first.number !== number + 1 : head !== number) return null;
    return rows.map(event);
  }

  async snapshot(apart?: 'revocations'): Promise<StoreSnapshot> {
    const reading = await this.#engine.openRead(this.#db);
    try {
      const head = await this.#head(reading.db);
      const header = { format: 1, ...head, at: await timeOf(reading.db, head.number) } as const;
      if (apart !== 'revocations') return { header, entities: readEntities(reading, entityKinds, false) };
      const others = entityKinds.filter((kind) => kind !== 'revocation');
      return { header, entities: readEntities(reading, others, true), revocations: readRevocations(reading) };
    } catch (error) {
      await reading.end();
      throw error;
    }
  }

  onCommit(listener: (changes: readonly ChangeEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The store calls this after a commit of its own. */
  announce(changes: readonly ChangeEvent[]): void {
    const first = changes[0]?.number ?? 0;
    const last = changes.at(-1)?.number ?? 0;
    if (this.#reading || first !== this.#announced + 1) {
      // Somebody else's come first.
      this.#announceUpTo(last);
      return;
    }
    this.#announced = last;
    this.#heard = Math.max(this.#heard, last);
    this.#emit(changes);
  }

  /** Another process may have committed something: what is new is read and announced. */
  look(): void {
    this.#lookAgain = this.#looking;
    if (this.#looking) return;
    this.#looking = true;
    void headNumber(this.#db)
      // If it can't be read, the hub's next look at the head finds what was not announced.
      .then(
        (number) => this.#announceUpTo(number),
        () => {},
      )
      .finally(() => {
        this.#looking = false;
        if (this.#lookAgain) this.look();
      });
  }

  /** Changes up to `number` are committed: those that were not announced yet are read and announced. */
  #announceUpTo(number: number): void {
    this.#heard = Math.max(this.#heard, number);
    if (this.#listeners.size === 0 && !this.#reading) this.#announced = this.#heard;
    if (this.#reading || this.#heard <= this.#announced) return;
    this.#reading = this.#readOn().finally(() => {
      this.#reading = null;
      // One that came between the last look and here.
      if (this.#heard > this.#announced) this.#announceUpTo(this.#heard);
    });
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#announced < this.#heard) {
        const events = await this.after(this.#announced, pageSize);
        const last = events?.at(-1);
        if (!events || !last) break;
        this.#announced = last.number;
        this.#emit(events);
      }
    } catch {
      // The hub's next look at the head finds what was not announced, and says why it can't be had.
    }
    // Whatever could not be announced is in the log for those who follow it.
    this.#announced = Math.max(this.#announced, this.#heard);
  }

  #emit(changes: readonly ChangeEvent[]): void {
    for (const listener of this.#listeners) listener(changes);
  }

  /** The epoch is read each time: a database that was restored or promoted beneath us has another one. */
  async #head(db: Queryable): Promise<Position> {
    const { value } = await db.selectFrom('meta').select('value').where('key', '=', 'epoch').executeTakeFirstOrThrow();
    const history = await this.#engine.history(db);
    return { epoch: history === '' ? value : `${value}-${history}`, number: await headNumber(db) };
  }

  async trim(olderThanMs: number): Promise<void> {
    const batch = 1000;
    // In small batches, so that no writer waits long.
    for (;;) {
      const old = await this.#db
        .selectFrom('changes')
        .select('number')
        .where('at_ms', '<', olderThanMs)
        .orderBy('number')
        .limit(batch)
        .execute();
      const last = old.at(-1);
      if (!last) break;
      await this.#db.deleteFrom('changes').where('number', '<=', last.number).execute();
    }
    for (;;) {
      const expired = this.#db
        .selectFrom('entities')
        .select('id')
        .where('kind', '=', 'revocation')
        .where('expires_at', '<', Math.floor(olderThanMs / 1000))
        .limit(batch);
      const { numDeletedRows } = await this.#db
        .deleteFrom('entities')
        .where('kind', '=', 'revocation')
        .where('id', 'in', expired)
        .executeTakeFirstOrThrow();
      if (numDeletedRows < batch) break;
    }
  }
}

/** When the change with this number was decided; undefined = it is not in the log any more. */
async function timeOf(db: Queryable, number: number): Promise<number | undefined> {
  const row = await db.selectFrom('changes').select('at_ms').where('number', '=', number).executeTakeFirst();
  return row?.at_ms;
}

const selectHead = prepared((db) => db.selectFrom('head').select(['number', 'version', 'revoked_all as revokedAll']));

/** Where the store stands. */
export async function readHead(db: Queryable): Promise<StoreHead> {
  return (await selectHead(db, {})).rows[0] as StoreHead;
}

/** Number of the newest change. */
export async function headNumber(db: Queryable): Promise<number> {
  return (await readHead(db)).number;
}
