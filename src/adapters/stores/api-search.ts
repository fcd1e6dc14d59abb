/** Searching the catalogue in SQL: filtered, sorted and paged there, so that only a page's APIs are read. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { LifeCycleStatus } from '../../core/api.ts';
import type { CatalogApi } from '../../core/catalog-api.ts';
import { RestError } from '../../platform/rest-error.ts';
import { documentHas, isReadable, refuseManyWords } from './document-words.ts';
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

/** Which APIs somebody may see: in the publisher (`edit`) or in the developer portal (`view`). */
export interface ApiViewer {
  readonly purpose: 'edit' | 'view';
  /** `name@tenant`; null = nobody is logged in. */
  readonly user: string | null;
  readonly roles: readonly string[];
  readonly isAdmin: boolean;
}

/** What an API must be like; all conditions of a search hold together. */
export interface ApiCondition {
  readonly field:
    | 'name'
    | 'version'
    | 'context'
    | 'status'
    | 'description'
    | 'provider'
    | 'type'
    | 'tag'
    /** Path of an operation. */
    | 'path'
    /** Name, summary or text of a document. */
    | 'doc'
    | 'label'
    | 'category'
    /** An additional property, named by `property`. */
    | 'property';
  readonly property?: string;
  readonly value: string;
  /** Exactly this (whatever the case of its letters), and not only with this in it. */
  readonly exact: boolean;
}

export interface ApiSearch {
  readonly tenant: string;
  readonly viewer: ApiViewer;
  /** Only this one. */
  readonly id?: string;
  readonly conditions: readonly ApiCondition[];
  /** Absent = of any status. */
  readonly statuses?: readonly LifeCycleStatus[];
  readonly offset: number;
  readonly limit: number;
}

/** A page by name and version, with the number of all that fit. */
export async function searchApis(db: Queryable, search: ApiSearch): Promise<{ apis: CatalogApi[]; total: number }> {
  const query = db.selectFrom('apis').where((e) => e.and(filters(e, search)));
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const { offset, limit } = search;
  const rows = await query.select('body').orderBy('name').orderBy('version').offset(offset).limit(limit).execute();
  return { apis: rows.map((row) => JSON.parse(row.body) as CatalogApi), total: Number(total) };
}

type Builder = ExpressionBuilder<Schema, 'apis'>;

/** The same as parts of a larger query over `apis`. */
export function filters(e: Builder, search: Omit<ApiSearch, 'offset' | 'limit'>): Expression<SqlBool>[] {
  const { tenant, viewer, id, conditions, statuses } = search;
  refuseManyWords(conditions.filter(({ field }) => field === 'doc').length);
  return [
    ...(id === undefined ? [] : [e('id', '=', id)]),
    e('tenant', '=', tenant),
    ...(viewer.isAdmin ? [] : [visible(e, viewer)]),
    ...(statuses ? [e('status', 'in', statuses)] : []),
    ...conditions.map((condition) => matches(e, condition, viewer)),
  ];
}

function visible(e: Builder, { purpose, user, roles }: ApiViewer): Expression<SqlBool> {
  const open = purpose === 'edit' ? e('access_control', '=', 'NONE') : e('visibility', '=', 'PUBLIC');
  const own = user === null ? [] : [e('provider', '=', user)];
  // PRIVATE: for everybody of the tenant who is logged in.
  const inTenant = purpose === 'view' && user !== null ? [e('visibility', '=', 'PRIVATE')] : [];
  const byRole =
    roles.length === 0
      ? []
      : [
          e(
            'id',
            'in',
            e.selectFrom('api_roles').select('api_id').where('purpose', '=', purpose).where('role', 'in', roles),
          ),
        ];
  return e.or([open, ...own, ...inTenant, ...byRole]);
}

/** Characters of a word, and of each text that it is looked for in: looking takes the time of their product. */
const longestWord = 200;
const searched = 16_384;

/** @throws RestError 400 for a word that is too long */
function matches(e: Builder, { field, property, value, exact }: ApiCondition, viewer: ApiViewer): Expression<SqlBool> {
  if (value.length > longestWord) {
    throw new RestError(400, `query: a word has ${value.length} characters; expected ${longestWord} at most.`);
  }
  const pattern = likePattern(value, exact);
  const like = (column: string): Expression<SqlBool> =>
    sql<SqlBool>`lower(substr(${sql.ref(column)}, 1, ${sql.lit(searched)})) like ${pattern} escape '\\'`;
  const facet = (kind: string): Expression<SqlBool> =>
    e('id', 'in', e.selectFrom('api_facets').select('api_id').where('kind', '=', kind).where(like('value')));
  switch (field) {
    case 'name':
    case 'version':
    case 'context':
    case 'description':
    case 'type':
      return like(`apis.${field}`);
    case 'status':
      return e('status', '=', value.toUpperCase() as LifeCycleStatus);
    case 'provider':
      // `admin` is meant also where the tenant is not written.
      return exact ? e('provider', 'in', [value, `${value}@carbon.super`]) : like('apis.provider');
    case 'tag':
      return e('id', 'in', e.selectFrom('api_tags').select('api_id').where(like('tag')));
    case 'doc':
      return e(
        'id',
        'in',
        e
          .selectFrom('documents as d')
          .select('d.api_id')
          .where(isReadable({ user: viewer.user, isPublisher: viewer.purpose === 'edit' }))
          .where(documentHas(likePattern(value, exact))),
      );
    case 'path':
      return facet('path');
    case 'label':
      return facet('label');
    case 'category':
      return facet('category');
    case 'property':
      return facet(`property:${property}`);
  }
}

/** `*` stands for anything; the engines' own signs stand for themselves. */
export function likePattern(value: string, exact: boolean): string {
  const text = value
    .toLowerCase()
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%');
  return exact ? text : `%${text}%`;
}

/** How many of the APIs that fit have each tag, by tag. */
export async function countTags(
  db: Queryable,
  search: Omit<ApiSearch, 'offset' | 'limit'>,
): Promise<{ tag: string; count: number }[]> {
  const found = db
    .selectFrom('apis')
    .select('apis.id')
    .where((e) => e.and(filters(e, search)));
  const rows = await db
    .selectFrom('api_tags')
    .select(['tag', (e) => e.fn.countAll<number>().as('count')])
    .where('api_id', 'in', found)
    .groupBy('tag')
    .orderBy('tag')
    .execute();
  return rows.map((row) => ({ tag: row.tag, count: Number(row.count) }));
}
