/** Which APIs carry a label or category, or use a policy. */
import type { PolicyLevel } from '../../core/policy.ts';
import type { Queryable } from './store.ts';

/** Names of the first four, and the number of all. */
export async function facetUsers(
  db: Queryable,
  kind: 'label' | 'category' | `policy:${PolicyLevel}`,
  value: string,
): Promise<{ names: string[]; total: number }> {
  const query = db
    .selectFrom('api_facets')
    .innerJoin('apis', 'apis.id', 'api_facets.api_id')
    .where('kind', '=', kind)
    .where('value', '=', value);
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query.select(['name', 'version']).orderBy('name').orderBy('version').limit(4).execute();
  return { names: rows.map(({ name, version }) => `${name} ${version}`), total: Number(total) };
}

/** How many APIs carry each, of those that any carries. */
export async function facetCounts(db: Queryable, kind: 'label' | 'category'): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('api_facets')
    .select(['value', (e) => e.fn.countAll<number>().as('total')])
    .where('kind', '=', kind)
    .groupBy('value')
    .execute();
  return new Map(rows.map(({ value, total }) => [value, Number(total)]));
}
