/** The life cycle of an API: what is possible, what happens, what happened. */
import { historyOf } from '../../../adapters/stores/api-history.ts';
import { findWaiting, removeWaiting } from '../../../adapters/stores/workflows.ts';
import type { LifeCycleStatus } from '../../../core/api.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { type LifeCycleAction, transitions } from '../../../core/life-cycle.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { LifecycleHistory, LifecycleState, WorkflowResponse } from '../../rest/definitions/publisher.ts';
import { requireMatch } from '../../rest/entity-tag.ts';
import { accepted, type Operations, ok } from '../../rest/operation.ts';
import { requireApi, requireNamedApi } from '../../services/apis/api-access.ts';
import { audit } from '../../services/apis/audit-api.ts';
import { askLifeCycleStep } from '../../services/life-cycle/ask-life-cycle-step.ts';
import type { Checklist } from '../../services/life-cycle/change-life-cycle.ts';

const deprecateOlder = 'Deprecate old versions after publishing the API';
const requireResubscription = 'Requires re-subscription when publishing the API';

export const lifeCycle: Operations = {
  'POST /apis/change-lifecycle': async (call, deps) => {
    const action = call.query<LifeCycleAction>('action') as LifeCycleAction;
    const checklist = readChecklist(call.query('lifecycleChecklist') ?? '');
    const id = call.query('apiId') ?? '';
    const { api, waits } = await deps.store.transaction(async (tx) => {
      const api = await requireNamedApi(tx.db, call.caller, id);
      requireMatch(call, api);
      return askLifeCycleStep(tx, deps, call.caller, api, action, checklist);
    });
    const answer: WorkflowResponse = { workflowStatus: waits ? 'CREATED' : 'APPROVED', lifecycleState: stateOf(api) };
    return waits ? accepted(answer) : ok(answer);
  },

  'DELETE /apis/{apiId}/lifecycle-state/pending-tasks': async (call, deps) => {
    await deps.store.transaction(async (tx) => {
      const api = await requireApi(tx.db, call.caller, call.param('apiId'));
      const waiting = await findWaiting(tx.db, ['API_STATE'], api.id);
      if (!waiting) return;
      await removeWaiting(tx, [api.id]);
      await audit(tx, deps, call.caller, 'withdraw step', api, { before: { waiting: waiting.description } });
    });
    return ok();
  },

  'GET /apis/{apiId}/lifecycle-state': async (call, { store }) =>
    ok(stateOf(await requireApi(store.db, call.caller, call.param('apiId')))),

  'GET /apis/{apiId}/lifecycle-history': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    const list = (await historyOf(store.db, id)).map(({ previous, status, actor, at_ms }) => ({
      ...(previous && { previousState: stateName(previous) }),
      postState: stateName(status),
      user: shownUserName(actor),
      updatedTime: new Date(at_ms).toISOString(),
    }));
    const answer: LifecycleHistory = { count: list.length, list };
    return ok(answer);
  },
};

/**
 * `Deprecate Old Versions:true,Require Re-Subscription:true`; the same in the words of `lifecycle-state`.
 * @throws RestError 400
 */
export function readChecklist(text: string): Checklist {
  const checklist = { deprecateOlder: false, requireResubscription: false };
  for (const item of text.split(',')) {
    if (item.trim() === '') continue;
    const at = item.lastIndexOf(':');
    const value = item
      .slice(at + 1)
      .trim()
      .toLowerCase();
    const name = at > 0 && (value === 'true' || value === 'false') ? item.slice(0, at).trim() : undefined;
    const ticked = value === 'true';
    if (name !== undefined && /^deprecate old(er)? versions\b/i.test(name)) checklist.deprecateOlder = ticked;
    else if (name !== undefined && /^requires? re-?subscription\b/i.test(name))
      checklist.requireResubscription = ticked;
    else {
      const expected = `"${deprecateOlder}:true" or "${requireResubscription}:true"`;
      throw new RestError(400, `lifecycleChecklist: unknown ${JSON.stringify(item.trim())}; expected ${expected}.`);
    }
  }
  return checklist;
}

function stateOf({ status }: CatalogApi): LifecycleState {
  const possible = Object.entries(transitions[status]);
  const publishes = possible.some(([event]) => event === 'Publish');
  return {
    state: stateName(status),
    checkItems: publishes
      ? [deprecateOlder, requireResubscription].map((name) => ({ name, value: false, requiredStates: ['Published'] }))
      : [],
    availableTransitions: possible.map(([event, target]) => ({ event, targetState: stateName(target) })),
  };
}

/** `PUBLISHED` -> `Published`. */
const stateName = (status: LifeCycleStatus): string => `${status[0]}${status.slice(1).toLowerCase()}`;
