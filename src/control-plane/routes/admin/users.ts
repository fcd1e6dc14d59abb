/** Users and roles: ours, the original has them elsewhere. */

import type { User } from '../../../adapters/user-stores/user-store.ts';
import { created, type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { makePasswordLink } from '../../services/users/password-links.ts';
import { builtInRoles } from '../../services/users/roles.ts';
import {
  changeRoles,
  createUser,
  existingUser,
  removeUser,
  resetPassword,
  revokeTokens,
} from '../../services/users/users.ts';
import type { NewUser, Password, UserRoles } from './user-definitions.ts';

const list: Operation = async (call, { users }) => {
  const [name, role] = [call.query('name'), call.query('role')];
  const search = { ...(name !== undefined && { name }), ...(role !== undefined && { role }), ...rangeOf(call) };
  const found = await users.list(search);
  return ok(page(call, found.users.map(write), found.total));
};

const create: Operation = async (call, deps) => {
  const user = await createUser(deps, call.json<NewUser>(), call.caller.fullName);
  return created(write(user), `${call.base}/users/${encodeURIComponent(user.name)}`);
};

const get: Operation = async (call, deps) => ok(write(await existingUser(deps, call.param('name'))));

const update: Operation = async (call, deps) => {
  const name = call.param('name');
  await changeRoles(deps, name, call.json<UserRoles>().roles, call.caller.fullName);
  return ok(write(await existingUser(deps, name)));
};

const reset: Operation = async (call, deps) => {
  await resetPassword(deps, call.param('name'), call.json<Password>().password, call.caller.fullName);
  return ok();
};

const passwordLink: Operation = async (call, deps) => {
  const { link, expires } = await makePasswordLink(deps, call.param('name'), call.caller.fullName);
  return ok({ link, expires: new Date(expires * 1000).toISOString() });
};

const revoke: Operation = async (call, deps) => {
  await revokeTokens(deps, call.param('name'), call.caller.fullName);
  return ok();
};

const remove: Operation = async (call, deps) => {
  await removeUser(deps, call.param('name'), call.caller.fullName);
  return ok();
};

/** The built-in ones, and those that somebody has. */
const listRoles: Operation = async (_call, { users }) => {
  const counts = new Map(builtInRoles.map((name) => [name, 0]));
  for (const role of await users.roles()) counts.set(role.name, role.users);
  const list = [...counts].map(([name, number]) => ({ name, builtIn: builtInRoles.includes(name), users: number }));
  return ok({ count: list.length, list: list.toSorted((a, b) => (a.name < b.name ? -1 : 1)) });
};

export const users: Operations = {
  'GET /users': list,
  'POST /users': create,
  'GET /users/{name}': get,
  'PUT /users/{name}': update,
  'DELETE /users/{name}': remove,
  'POST /users/{name}/reset-password': reset,
  'POST /users/{name}/password-link': passwordLink,
  'POST /users/{name}/revoke-tokens': revoke,
  'GET /roles': listRoles,
};

const write = ({ name, tenant, roles }: User) => ({ name, tenant, roles });
