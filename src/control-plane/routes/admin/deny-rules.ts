/** Deny rules, which the original calls blocking conditions. */
import { randomUUID } from 'node:crypto';
import {
  createDenyRule,
  type DenyRuleRow,
  deleteDenyRule,
  enableDenyRule,
  findDenyRule,
  listDenyRules,
} from '../../../adapters/stores/deny-rules.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { seconds } from '../../deps.ts';
import type { BlockingCondition, BlockingConditionStatus } from '../../rest/definitions/admin.ts';
import { created, type Operation, type Operations, ok } from '../../rest/operation.ts';
import { auditRow } from '../../services/audit-row.ts';
import { readDenyRule, writeDenyRule } from '../../services/policies/deny-rules.ts';

const list: Operation = async ({ caller }, { store }) => {
  const rows = await listDenyRules(store.db, caller.tenant);
  return ok({ count: rows.length, list: rows.map(writeDenyRule) });
};

const create: Operation = async (call, deps) => {
  const { caller } = call;
  const given = call.json<BlockingCondition>();
  const { type, value, invert } = await readDenyRule(deps, given);
  const row: DenyRuleRow = {
    id: randomUUID(),
    tenant: caller.tenant,
    type,
    value,
    invert: invert ? 1 : 0,
    enabled: given.conditionStatus === false ? 0 : 1,
    created_at: seconds(deps.clock),
  };
  await deps.store.transaction(async (tx) => {
    await createDenyRule(tx, row).catch((error) => {
      if (!isUniqueViolation(error)) throw error;
      throw new RestError(409, `There is a rule against ${type} ${value} already.`);
    });
    await audit(tx, deps, caller.fullName, 'create', undefined, row);
  });
  return created(writeDenyRule(row), `${call.base}/throttling/blacklist/${row.id}`);
};

const get: Operation = async (call, { store }) =>
  ok(writeDenyRule(await existing(store.db, call.param('conditionId'))));

const enable: Operation = async (call, deps) => {
  const { conditionStatus } = call.json<BlockingConditionStatus>();
  const row = await deps.store.transaction(async (tx) => {
    const before = await existing(tx.db, call.param('conditionId'));
    const after = (await enableDenyRule(tx, before.id, conditionStatus)) ?? before;
    await audit(tx, deps, call.caller.fullName, 'update', before, after);
    return after;
  });
  return ok(writeDenyRule(row));
};

const remove: Operation = async (call, deps) => {
  await deps.store.transaction(async (tx) => {
    const row = await existing(tx.db, call.param('conditionId'));
    await deleteDenyRule(tx, row.id);
    await audit(tx, deps, call.caller.fullName, 'delete', row, undefined);
  });
  return ok();
};

export const denyRules: Operations = {
  'GET /throttling/blacklist': list,
  'POST /throttling/blacklist': create,
  'GET /throttling/blacklist/{conditionId}': get,
  'PATCH /throttling/blacklist/{conditionId}': enable,
  'DELETE /throttling/blacklist/{conditionId}': remove,
};

async function existing(db: Queryable, id: string): Promise<DenyRuleRow> {
  const row = await findDenyRule(db, id);
  if (!row) throw new RestError(404, `There is no deny rule ${id}.`);
  return row;
}

const audit = auditRow<DenyRuleRow>('deny-rule', ({ type, value }) => `${type} ${value}`, writeDenyRule);
