/** Throttling policies. The entity is all there is of a policy, so it has no table of its own. */

import { type SqlBool, sql } from 'kysely';
import { builtInPolicies, type Policy, type PolicyLevel } from '../../core/policy.ts';
import { likePattern } from './api-search.ts';
import { facetUsers } from './facet-users.ts';
import type { Queryable, StoreTransaction } from './store.ts';

const idOf = (level: PolicyLevel, name: string): string => `${level}|${name}`;

/** Those of the names that are policies of this level. */
export async function findPolicies(db: Queryable, level: PolicyLevel, names: readonly string[]): Promise<Policy[]> {
  if (names.length === 0) return [];
  const ids = names.map((name) => idOf(level, name));
  const rows = await db
    .selectFrom('entities')
    .select('body')
    .where('kind', '=', 'policy')
    .where('id', 'in', ids)
    .execute();
  return rows.map((row) => JSON.parse(row.body) as Policy);
}

/** All policies, by level and name. */
export async function listPolicies(db: Queryable): Promise<Policy[]> {
  const rows = await db.selectFrom('entities').select('body').where('kind', '=', 'policy').orderBy('id').execute();
  return rows.map((row) => JSON.parse(row.body) as Policy);
}

/** Creates a policy or replaces the one of its level and name. */
export function putPolicy(tx: StoreTransaction, policy: Policy): void {
  tx.record({ kind: 'policy', id: idOf(policy.level, policy.name), value: policy });
}

export function deletePolicy(tx: StoreTransaction, level: PolicyLevel, name: string): void {
  tx.record({ kind: 'policy', id: idOf(level, name), value: null });
}

/** Names said of who uses a policy, at most. */
const mostNames = 3;

/**
 * Who uses a policy, in words: the first few applications, subscriptions or APIs, and whether there are more. What waits
 * for approval counts too.
 */
export async function usersOfPolicy(
  db: Queryable,
  level: PolicyLevel,
  name: string,
): Promise<{ names: string[]; more: boolean }> {
  const users: string[] = [];
  if (level === 'application') users.push(...(await applicationsWith(db, name)));
  else {
    if (level === 'subscription') {
      users.push(...(await subscriptionsWith(db, name)), ...(await subscriptionsThatWaitFor(db, name)));
    }
    const { names } = await facetUsers(db, `policy:${level}`, name);
    users.push(...names.map((api) => `the API ${api}`));
  }
  return { names: users.slice(0, mostNames), more: users.length > mostNames };
}

async function applicationsWith(db: Queryable, tier: string): Promise<string[]> {
  const rows = await db
    .selectFrom('applications')
    .select(['name', 'owner'])
    .where('tier', '=', tier)
    .limit(mostNames + 1)
    .execute();
  return rows.map(({ name, owner }) => `the application ${owner}:${name}`);
}

async function subscriptionsWith(db: Queryable, tier: string): Promise<string[]> {
  const rows = await db
    .selectFrom('subscriptions')
    .innerJoin('applications', 'applications.id', 'subscriptions.application_id')
    .innerJoin('apis', 'apis.id', 'subscriptions.api_id')
    .select(['applications.name as application', 'applications.owner', 'apis.name', 'apis.version'])
    .where('subscriptions.tier', '=', tier)
    .limit(mostNames + 1)
    .execute();
  return rows.map(
    ({ owner, application, name, version }) => `the subscription of ${owner}:${application} to ${name} ${version}`,
  );
}

/** Subscriptions of which an administrator has to say whether they get the tier. */
async function subscriptionsThatWaitFor(db: Queryable, tier: string): Promise<string[]> {
  const pattern = likePattern(`"tier":${JSON.stringify(tier)}`, false);
  const rows = await db
    .selectFrom('workflows')
    .select(['properties', 'description'])
    .where('type', '=', 'SUBSCRIPTION_UPDATE')
    .where('status', '=', 'CREATED')
    // Letters of another case too; which it is, the object says.
    .where(sql<SqlBool>`lower(properties) like ${pattern} escape '\\'`)
    .execute();
  return rows
    .filter(({ properties }) => (JSON.parse(properties) as { tier?: string }).tier === tier)
    .map(({ description }) => `what waits for approval (${description})`);
}

/** Adds the policies that every store has, as far as they are missing. */
export async function addBuiltInPolicies(tx: StoreTransaction): Promise<void> {
  const present = new Set((await listPolicies(tx.db)).map((policy) => idOf(policy.level, policy.name)));
  for (const policy of builtInPolicies) {
    if (!present.has(idOf(policy.level, policy.name))) putPolicy(tx, policy);
  }
}
