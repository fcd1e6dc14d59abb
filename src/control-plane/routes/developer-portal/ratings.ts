/** What developers think of an API: one to five stars of each. */
import { deleteRating, findRating, listRatings, putRating, type RatingRow } from '../../../adapters/stores/ratings.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { seconds } from '../../deps.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { audit } from '../../services/apis/audit-api.ts';
import { visibleApi } from '../../services/apis/portal-apis.ts';
import { ratingText } from './api-form.ts';

const list: Operation = async (call, { store: { db } }) => {
  const { id } = await visibleApi(db, call.visitor, call.param('apiId'));
  const { rows, total, average } = await listRatings(db, id, rangeOf(call));
  const own = call.visitor && (await findRating(db, id, call.visitor.fullName));
  return ok({ avgRating: ratingText(average), userRating: own?.rating ?? 0, ...page(call, rows.map(toRating), total) });
};

const read: Operation = async (call, { store: { db } }) => {
  const { id } = await visibleApi(db, call.caller, call.param('apiId'));
  const row = await findRating(db, id, call.caller.fullName);
  if (!row) throw new RestError(404, 'You have not rated this API.');
  return ok(toRating(row));
};

const put: Operation = async (call, deps) => {
  const { rating } = call.json<dto.Rating>();
  if (!Number.isInteger(rating) || rating < 1 || rating > 5) {
    throw new RestError(400, `rating: expected 1, 2, 3, 4 or 5, got ${rating}.`);
  }
  const row = await deps.store.transaction(async (tx) => {
    const api = await visibleApi(tx.db, call.caller, call.param('apiId'));
    const user = call.caller.fullName;
    const before = await findRating(tx.db, api.id, user);
    await audit(tx, deps, call.caller, 'rate', api, { before: before?.rating, after: rating });
    return putRating(tx, { api_id: api.id, user_name: user, rating, updated_at: seconds(deps.clock) });
  });
  return ok(toRating(row));
};

const remove: Operation = async (call, deps) => {
  await deps.store.transaction(async (tx) => {
    const api = await visibleApi(tx.db, call.caller, call.param('apiId'));
    const before = await findRating(tx.db, api.id, call.caller.fullName);
    if (!before) return;
    await deleteRating(tx.db, api.id, call.caller.fullName);
    await audit(tx, deps, call.caller, 'delete rating', api, { before: before.rating });
  });
  return ok();
};

const toRating = (row: RatingRow): dto.Rating => ({
  ratingId: row.id,
  apiId: row.api_id,
  ratedBy: shownUserName(row.user_name),
  rating: row.rating,
});

export const ratings: Operations = {
  'GET /apis/{apiId}/ratings': list,
  'GET /apis/{apiId}/user-rating': read,
  'PUT /apis/{apiId}/user-rating': put,
  'DELETE /apis/{apiId}/user-rating': remove,
};
