/** What developers say of an API. */
import { randomUUID } from 'node:crypto';
import {
  type CommentRow,
  deleteComment,
  findComment,
  insertComment,
  listComments,
} from '../../../adapters/stores/comments.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { seconds } from '../../deps.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { created, type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { audit } from '../../services/apis/audit-api.ts';
import { visibleApi } from '../../services/apis/portal-apis.ts';

/** Characters. */
const longest = 512;

const list: Operation = async (call, { store: { db } }) => {
  const { id } = await visibleApi(db, call.visitor, call.param('apiId'));
  const { rows, total } = await listComments(db, id, rangeOf(call));
  return ok(page(call, rows.map(toComment), total));
};

const add: Operation = async (call, deps) => {
  const content = call.json<dto.Comment>().content.trim();
  if (content === '' || content.length > longest) {
    throw new RestError(400, `content: expected 1 to ${longest} characters, got ${content.length}.`);
  }
  const row = await deps.store.transaction(async (tx) => {
    const api = await visibleApi(tx.db, call.caller, call.param('apiId'));
    const author = call.caller.fullName;
    const row = { id: randomUUID(), api_id: api.id, author, content, created_at: seconds(deps.clock) };
    await insertComment(tx.db, row);
    await audit(tx, deps, call.caller, 'comment', api, { after: { comment: row.id, content } });
    return row;
  });
  return created(toComment(row), `${call.base}/apis/${row.api_id}/comments/${row.id}`);
};

const read: Operation = async (call, { store: { db } }) => {
  const { id } = await visibleApi(db, call.visitor, call.param('apiId'));
  const row = await findComment(db, id, call.param('commentId'));
  if (!row) throw unknown(call.param('commentId'));
  return ok(toComment(row));
};

/** By who wrote it, or an administrator. */
const remove: Operation = async (call, deps) => {
  const { caller } = call;
  await deps.store.transaction(async (tx) => {
    const api = await visibleApi(tx.db, caller, call.param('apiId'));
    const row = await findComment(tx.db, api.id, call.param('commentId'));
    if (!row) throw unknown(call.param('commentId'));
    if (row.author !== caller.fullName && !caller.isAdmin) {
      throw new RestError(403, 'Only who wrote a comment, or an administrator, may delete it.');
    }
    await deleteComment(tx.db, row.id);
    await audit(tx, deps, caller, 'delete comment', api, { before: { comment: row.id, content: row.content } });
  });
  return ok();
};

const unknown = (id: string): RestError => new RestError(404, `The API has no comment ${id}.`);

const toComment = (row: CommentRow): dto.Comment => ({
  id: row.id,
  content: row.content,
  createdTime: new Date(row.created_at * 1000).toISOString(),
  createdBy: shownUserName(row.author),
});

export const comments: Operations = {
  'GET /apis/{apiId}/comments': list,
  'POST /apis/{apiId}/comments': add,
  'GET /apis/{apiId}/comments/{commentId}': read,
  'DELETE /apis/{apiId}/comments/{commentId}': remove,
};
