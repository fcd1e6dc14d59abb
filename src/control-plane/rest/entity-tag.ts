/**
 * Entity tags (RFC 9110 8.8.3) of what can be changed: who changes it on condition that it is still what he read
 * (`If-Match`) takes back nobody else's change.
 */
import { createHash } from 'node:crypto';
import { RestError } from '../../platform/rest-error.ts';
import type { Answer, RestCall } from './operation.ts';

/** @param content everything that a change replaces; what is derived from it need not be there */
export function entityTag(content: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(content) ?? '');
  return `"${digest.digest('base64url').slice(0, 22)}"`;
}

export const tagged = (answer: Answer, content: unknown): Answer => ({
  ...answer,
  headers: { ...answer.headers, etag: entityTag(content) },
});

/**
 * To be called in the transaction that changes it.
 * @param content as it is now, in the form that `tagged` got
 * @throws RestError 412 when the request has an `If-Match` that names another state
 */
export function requireMatch({ request }: Pick<RestCall, 'request'>, content: unknown): void {
  const given = request.headers['if-match'];
  if (given === undefined || given.trim() === '*') return;
  // By the strong comparison that RFC 9110 13.1.1 asks for, one that is weak is none of ours.
  const tags = given.split(',').map((tag) => tag.trim());
  if (tags.includes(entityTag(content))) return;
  throw new RestError(412, 'It has been changed since, or If-Match names none of its tags; expected to read it again.');
}
