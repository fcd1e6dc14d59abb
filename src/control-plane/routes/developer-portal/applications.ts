/** Applications of the caller. */
import { randomUUID } from 'node:crypto';
import {
  type ApplicationRow,
  countSubscriptions,
  createApplication,
  findApplication,
  searchApplications,
} from '../../../adapters/stores/applications.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { clientsOf, updateClient } from '../../../adapters/stores/clients.ts';
import { findPolicies } from '../../../adapters/stores/policies.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import type { TokenType } from '../../../core/application.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { requireMatch, tagged } from '../../rest/entity-tag.ts';
import { accepted, created, type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { keysOf } from '../../services/applications/application-keys.ts';
import { applicationNameForm, isApplicationName } from '../../services/applications/application-name.ts';
import {
  applicationFacts,
  changeApplication,
  ownApplication,
  removeApplication,
} from '../../services/applications/applications.ts';
import { needsApproval, startWorkflow } from '../../services/workflows/workflows.ts';
import { toApplicationKey } from './key-form.ts';
import { subscribedScopesOf } from './scopes.ts';

const sortColumns = { name: 'name', throttlingPolicy: 'tier', status: 'status' } as const;

const list: Operation = async (call, { store }) => {
  const { fullName, tenant } = call.caller;
  const { rows, total } = await searchApplications(store.db, {
    owner: fullName,
    tenant,
    name: call.query('query'),
    group: call.query('groupId'),
    sortBy: sortColumns[call.query<keyof typeof sortColumns>('sortBy') ?? 'name'],
    descending: call.query('sortOrder') === 'desc',
    ...rangeOf(call),
  });
  const infos = rows.map((row) => toApplicationInfo(row, row.subscriptions));
  return ok(page(call, infos, total));
};

const create: Operation = async (call, deps) => {
  const { caller } = call;
  const asked = await readApplication(deps, call.json<dto.Application>());
  const waits = needsApproval(deps, 'APPLICATION_CREATION');
  const id = randomUUID();
  const reference = await deps.store.transaction(async (tx) => {
    try {
      await createApplication(tx, {
        ...asked,
        id,
        tenant: caller.tenant,
        owner: caller.fullName,
        status: waits ? 'CREATED' : 'APPROVED',
        createdAt: seconds(deps.clock),
      });
    } catch (error) {
      throw isUniqueViolation(error) ? nameTaken(asked.name) : error;
    }
    const row = (await findApplication(tx.db, id)) as ApplicationRow;
    await audit(tx, deps, 'create', row, caller.fullName, { after: applicationFacts(row) });
    if (!waits) return null;
    return startWorkflow(tx, deps, {
      type: 'APPLICATION_CREATION',
      subjectId: id,
      requester: caller.fullName,
      tenant: caller.tenant,
      properties: { applicationName: asked.name, applicationTier: asked.tier, userName: caller.fullName },
      description: `Create the application ${asked.name} of ${caller.fullName}`,
    });
  });
  if (reference !== null) return accepted(waiting({ applicationId: id, workflowReferenceId: reference }));
  return created(await describe(id, deps), `${call.base}/applications/${id}`);
};

const read: Operation = async (call, deps) => {
  const application = await ownApplication(deps.store.db, call.caller, call.param('applicationId'));
  return tagged(ok(await describe(application.id, deps)), application);
};

const update: Operation = async (call, deps) => {
  const { caller } = call;
  const asked = await readApplication(deps, call.json<dto.Application>());
  const id = call.param('applicationId');
  const written = await deps.store.transaction(async (tx) => {
    const before = await ownApplication(tx.db, caller, id);
    requireMatch(call, before);
    const change = {
      name: asked.name,
      tier: asked.tier,
      description: asked.description,
      token_type: asked.tokenType,
      attributes: JSON.stringify(asked.attributes),
      group_names: JSON.stringify(asked.groups),
      updated_at: seconds(deps.clock),
    };
    const changed = await changeApplication(tx, deps, before, change, caller.fullName);
    if (asked.tokenType !== before.token_type) {
      for (const { consumer_key } of await clientsOf(tx.db, id)) {
        await updateClient(tx, consumer_key, { token_type: asked.tokenType });
      }
    }
    const after = applicationFacts(changed);
    await audit(tx, deps, 'update', before, caller.fullName, { before: applicationFacts(before), after });
    return findApplication(tx.db, id);
  });
  return tagged(ok(await describe(id, deps)), written);
};

const remove: Operation = async (call, deps) => {
  const { caller } = call;
  const reference = await deps.store.transaction(async (tx) => {
    const application = await ownApplication(tx.db, caller, call.param('applicationId'));
    requireMatch(call, application);
    if (application.status === 'APPROVED' && needsApproval(deps, 'APPLICATION_DELETION')) {
      return startWorkflow(tx, deps, {
        type: 'APPLICATION_DELETION',
        subjectId: application.id,
        requester: caller.fullName,
        tenant: caller.tenant,
        properties: { applicationName: application.name, userName: caller.fullName },
        description: `Delete the application ${application.name} of ${caller.fullName}`,
      });
    }
    await removeApplication(tx, deps, application, caller.fullName);
    return null;
  });
  return reference === null ? ok() : accepted(waiting({ workflowReferenceId: reference }));
};

export const applications: Operations = {
  'GET /applications': list,
  'POST /applications': create,
  'GET /applications/{applicationId}': read,
  'PUT /applications/{applicationId}': update,
  'DELETE /applications/{applicationId}': remove,
};

/** That somebody has to approve it. */
export function waiting(payload: Readonly<Record<string, string>>): dto.WorkflowResponse {
  return { workflowStatus: 'CREATED', jsonPayload: JSON.stringify(payload) };
}

export function toApplicationInfo(row: ApplicationRow, subscriptions: number): dto.ApplicationInfo {
  return {
    applicationId: row.id,
    name: row.name,
    throttlingPolicy: row.tier,
    description: row.description,
    status: row.status,
    groups: JSON.parse(row.group_names),
    subscriptionCount: subscriptions,
    attributes: JSON.parse(row.attributes),
    owner: shownUserName(row.owner),
  };
}

async function describe(id: string, deps: ControlPlaneDeps): Promise<dto.Application> {
  const { db } = deps.store;
  const row = await findApplication(db, id);
  if (!row) throw new RestError(404, `There is no application ${id}.`);
  const info = toApplicationInfo(row, await countSubscriptions(db, id));
  const keys = await keysOf(db, id);
  return {
    ...info,
    name: row.name,
    throttlingPolicy: row.tier,
    attributes: JSON.parse(row.attributes),
    tokenType: row.token_type === 'JWT' ? 'JWT' : 'OAUTH',
    keys: keys.map((key) => toApplicationKey(deps, key)),
    subscriptionScopes: await subscribedScopesOf(db, id),
    hashEnabled: deps.hashClientSecrets,
  };
}

async function readApplication({ store: { db } }: ControlPlaneDeps, body: dto.Application) {
  const { name, throttlingPolicy: tier, description = '', tokenType = 'JWT', groups = [], attributes = {} } = body;
  if (!isApplicationName(name)) throw new RestError(400, `name: ${applicationNameForm}.`);
  await requirePolicy(db, tier);
  const form: TokenType = tokenType === 'JWT' ? 'JWT' : 'OPAQUE';
  return { name, tier, description, tokenType: form, groups, attributes };
}

async function requirePolicy(db: Queryable, tier: string): Promise<void> {
  const known = await findPolicies(db, 'application', [tier]);
  if (known.length === 0) throw new RestError(400, `throttlingPolicy: there is no application policy ${tier}.`);
}

const nameTaken = (name: string): RestError => new RestError(409, `You have an application ${name} already.`);

function audit(
  tx: Parameters<typeof recordAudit>[0],
  { clock }: ControlPlaneDeps,
  action: string,
  { id, name }: ApplicationRow,
  actor: string,
  change: { before?: unknown; after?: unknown },
): Promise<void> {
  return recordAudit(tx, { actor, action, kind: 'application', id, name, ...change, at: clock.now() });
}
