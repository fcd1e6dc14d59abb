/** What waits for an administrator. */
import type { WorkflowType } from '../../../adapters/stores/schema/portal.ts';
import { findWorkflow, listWaiting, type WorkflowRow } from '../../../adapters/stores/workflows.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Workflow, WorkflowInfo } from '../../rest/definitions/admin.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { completeWorkflow } from '../../services/workflows/workflows.ts';

const list: Operation = async (call, { store }) => {
  const type = call.query<WorkflowType>('workflowType');
  const filter = { tenant: call.caller.tenant, ...(type && { type }), ...rangeOf(call) };
  const { rows, total } = await listWaiting(store.db, filter);
  const { count, pagination } = page(call, rows, total);
  return ok({ count, next: pagination.next, previous: pagination.previous, list: rows.map(write) });
};

/** One that waits: those that were decided are in the audit log. */
const get: Operation = async (call, { store }) => {
  const reference = call.param('externalWorkflowRef');
  const row = await findWorkflow(store.db, reference);
  if (row?.status !== 'CREATED') throw new RestError(404, `There is no workflow ${reference} that waits.`);
  return ok(write(row));
};

const decide: Operation = async (call, deps) => {
  const decision = call.json<Workflow>();
  const row = await completeWorkflow(deps, call.query('workflowReferenceId') as string, decision, call.caller);
  return ok({ status: row.status, description: row.description });
};

export const workflows: Operations = {
  'GET /workflows': list,
  'GET /workflows/{externalWorkflowRef}': get,
  'POST /workflows/update-workflow-status': decide,
};

const write = (row: WorkflowRow): WorkflowInfo => ({
  workflowType: row.type,
  workflowStatus: row.status === 'CREATED' ? 'CREATED' : 'APPROVED',
  createdTime: new Date(row.created_at * 1000).toISOString(),
  updatedTime: new Date(row.updated_at * 1000).toISOString(),
  referenceId: row.reference,
  properties: JSON.parse(row.properties) as Record<string, unknown>,
  description: row.description,
});
