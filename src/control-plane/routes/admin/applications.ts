/** The applications of everybody, and whose they are. */
import { findApplication, searchApplications } from '../../../adapters/stores/applications.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { changeOwner } from '../../services/applications/applications.ts';

const list: Operation = async (call, { store, users }) => {
  const { tenant, fullName } = call.caller;
  const name = call.query('user');
  const user = name === undefined ? { fullName } : await users.find(name);
  if (!user) throw new RestError(404, `There is no user ${name}.`);
  const { rows, total } = await searchApplications(store.db, { tenant, owner: user.fullName, ...rangeOf(call) });
  const { count, pagination } = page(call, rows, total);
  return ok({
    count,
    next: pagination.next,
    previous: pagination.previous,
    list: rows.map(({ id, name, owner, status }) => ({
      applicationId: id,
      name,
      owner: shownUserName(owner),
      status,
      groupId: '',
    })),
  });
};

const changeOwnerTo: Operation = async (call, deps) => {
  const name = call.query('owner') as string;
  const owner = await deps.users.find(name);
  if (!owner) throw new RestError(400, `owner: there is no user ${name}.`);
  await deps.store.transaction(async (tx) => {
    const id = call.param('applicationId');
    const application = await findApplication(tx.db, id);
    if (!application) throw new RestError(404, `There is no application ${id}.`);
    await changeOwner(tx, deps, application, owner.fullName, call.caller.fullName);
  });
  return ok();
};

export const applications: Operations = {
  'GET /applications': list,
  'POST /applications/{applicationId}/change-owner': changeOwnerTo,
};
