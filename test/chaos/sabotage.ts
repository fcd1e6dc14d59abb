/**
 * What the harness must notice: ways of breaking the guarantee, as changes of a copy of the sources. A run with one of
 * them has to find violations, or the harness looks in the wrong place.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Edit {
  readonly file: string;
  /** Has to be there exactly once. */
  readonly replace: string;
  readonly by: string;
}

export const sabotages = {
  /** A gateway that learns how far the source is believes that it is there too. */
  'skip-catch-up': [
    {
      file: 'src/gateway/control/follower.ts',
      replace: 'if (number > held && !first) {',
      by: `if (number > held) this.#position = { epoch: (this.#position as Position).epoch, number };
    if (number < held && !first) {`,
    },
  ],
  /** Numbers are taken when a transaction begins, so that the one that commits last can have the lower one. */
  'number-by-sequence': [
    {
      file: 'src/adapters/stores/postgresql.ts',
      replace: `await sql\`select pg_advisory_xact_lock(\${sql.lit(turn)})\`.execute(tx);`,
      by: 'await sql`select 1`.execute(tx);',
    },
    {
      file: 'src/adapters/stores/change-log.ts',
      replace: `  const { number: last } = await tx
    .updateTable('head')
    .set({
      number: sql<number>\`number + \${changes.length}\`,
      ...(changes.some(revokesAll) && { revoked_all: sql<number>\`number + \${changes.length}\` }),
    })
    .returning('number')
    .executeTakeFirstOrThrow();
`,
      by: `  const taken = await sql<{ last: string }>\`
    select setval('chaos', nextval('chaos') + \${sql.lit(changes.length - 1)}) as last\`.execute(tx);
  const last = Number(taken.rows[0]?.last);
  await new Promise((resolve) => setTimeout(resolve, Math.random() < 0.25 ? 2500 : 0));
  const revoked = changes.some(revokesAll) && { revoked_all: last };
  await tx.updateTable('head').set({ number: sql<number>\`greatest(number, \${sql.lit(last)})\`, ...revoked }).execute();
`,
    },
    {
      file: 'src/adapters/stores/change-log.ts',
      replace: '    await makeEpoch(db);\n',
      by: `    await makeEpoch(db);
    await sql\`create sequence if not exists chaos\`.execute(db).catch(() => {});
    await sql\`select setval('chaos', greatest(number, 1)) from head where not (select is_called from chaos)\`.execute(db);
`,
    },
  ],
  /** A gateway that is started again knows nothing of revocations, and serves. */
  'forget-disk-copy': [
    {
      file: 'src/gateway/control/disk-copy.ts',
      replace:
        'const apart = await readRevocations(this.#revocationsFile, this.#fingerprintKey, this.#revoked, this.#settled());',
      by: "const apart = { state: 'whole' as string, edition: Infinity };",
    },
    {
      file: 'src/gateway/control/disk-copy.ts',
      replace: 'readonly #revoke = (change: EntityChange): void => {',
      by: `readonly #revoke = (change: EntityChange): void => {
    if (change) return;`,
    },
    {
      file: 'src/gateway/control/disk-copy.ts',
      replace:
        'header: header && usable ? { format: 1, epoch: header.epoch, number: replayed.number, at: replayed.at } : null,',
      by: 'header: header && usable ? { format: 1, epoch: header.epoch, number: 0 } : null,',
    },
  ],
  /** A source that says nothing is followed for ever, and knowledge does not get old. */
  'ignore-heartbeat': [
    {
      file: 'src/adapters/brokers/hub.ts',
      replace: 'const { silence = 3000, maxRetry = 800 } = options;',
      by: 'const { silence = 3_600_000, maxRetry = 800 } = options;',
    },
    {
      file: 'src/gateway/freshness.ts',
      replace: 'Math.max(0, this.#clock.elapsed() - word * unit);',
      by: 'Math.min(0, word);',
    },
  ],
  /** A token that was found clean once is not looked up again. */
  'cache-past-revocation': [
    {
      file: 'src/gateway/revocation/revoked-set.ts',
      replace: 'if (token.cleanAt === generation) return false;',
      by: 'if (token.cleanAt >= 0) return false;',
    },
  ],
} as const satisfies Record<string, readonly Edit[]>;

export type SabotageName = keyof typeof sabotages;

/** Changes the sources below `root`. @throws Error if they have changed so that it can't be done */
export function sabotage(name: SabotageName, root: string): void {
  for (const { file, replace, by } of sabotages[name]) {
    const path = join(root, file);
    const before = readFileSync(path, 'utf8');
    const found = before.split(replace).length - 1;
    if (found !== 1) throw new Error(`sabotage ${name}: expected its text once in ${file}, found it ${found} times`);
    writeFileSync(
      path,
      before.replace(replace, () => by),
    );
  }
}
