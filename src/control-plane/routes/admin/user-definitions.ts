/** Users, roles and the audit log as the admin API defines them: ours, the original has no such operations here. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';

export interface UserRoles {
  roles: string[];
}

export interface NewUser {
  name: string;
  password: string;
  roles?: string[];
}

export interface Password {
  password: string;
}

/** What is needed for users and roles; the audit log is for those who have all scopes of this API. */
const scopes = ['apim:admin', 'apim:admin_operations'];

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const number = { type: 'integer' };
const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
const object = (properties: Record<string, unknown>, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});
const listOf = (name: string): Schema =>
  object({ count: number, list: { type: 'array', items: ref(name) }, pagination: ref('Pagination') });

const name = { name: 'name', in: 'path', required: true, schema: text } as const;
const query = (...names: string[]): OperationDefinition['parameters'] =>
  names.map((one) => ({ name: one, in: 'query', required: false, schema: text }));
const paging: OperationDefinition['parameters'] = [
  { name: 'limit', in: 'query', required: false, schema: { ...number, default: 25 } },
  { name: 'offset', in: 'query', required: false, schema: { ...number, default: 0 } },
];
const body = (schema: string): OperationDefinition['body'] => ({ required: true, schema: ref(schema) });
const plain = { scopes, parameters: [], body: null, form: [] };

export const userDefinitions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    {
      ...plain,
      method: 'GET',
      path: '/users',
      parameters: [...query('name', 'role'), ...paging],
      responses: { 200: ref('UserList') },
    },
    { ...plain, method: 'POST', path: '/users', body: body('NewUser'), responses: { 201: ref('User') } },
    { ...plain, method: 'GET', path: '/users/{name}', parameters: [name], responses: { 200: ref('User') } },
    {
      ...plain,
      method: 'PUT',
      path: '/users/{name}',
      parameters: [name],
      body: body('UserRoles'),
      responses: { 200: ref('User') },
    },
    { ...plain, method: 'DELETE', path: '/users/{name}', parameters: [name], responses: { 200: null } },
    {
      ...plain,
      method: 'POST',
      path: '/users/{name}/reset-password',
      parameters: [name],
      body: body('Password'),
      responses: { 200: null },
    },
    { ...plain, method: 'POST', path: '/users/{name}/revoke-tokens', parameters: [name], responses: { 200: null } },
    {
      ...plain,
      method: 'POST',
      path: '/users/{name}/password-link',
      parameters: [name],
      responses: { 200: ref('PasswordLink') },
    },
    { ...plain, method: 'GET', path: '/roles', responses: { 200: ref('RoleList') } },
    {
      ...plain,
      scopes: ['apim:admin'],
      method: 'GET',
      path: '/audit-log',
      parameters: [...query('actor', 'kind', 'id'), ...paging],
      responses: { 200: ref('AuditLog') },
    },
  ],
  schemas: {
    Pagination: object({ offset: number, limit: number, total: number, next: text, previous: text }),
    User: object({ name: text, tenant: text, roles: texts }, ['name', 'tenant', 'roles']),
    UserList: listOf('User'),
    NewUser: object({ name: text, password: text, roles: texts }, ['name', 'password']),
    // A user as he was read may be sent back with other roles.
    UserRoles: object({ name: text, tenant: text, roles: texts }, ['roles']),
    Password: object({ password: text }, ['password']),
    PasswordLink: object({ link: text, expires: text }, ['link', 'expires']),
    Role: object({ name: text, builtIn: { type: 'boolean' }, users: number }, ['name', 'builtIn', 'users']),
    RoleList: listOf('Role'),
    AuditEntry: object(
      { number, time: text, actor: text, action: text, kind: text, id: text, name: text, before: {}, after: {} },
      ['number', 'time', 'actor', 'action', 'kind', 'id', 'name'],
    ),
    AuditLog: listOf('AuditEntry'),
  },
};
