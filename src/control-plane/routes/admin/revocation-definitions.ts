/** Revocations, and the gateways that are told of them, as the admin API defines them: ours, the original has no such operations. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';
import { body, plain, ref, text } from './own-operations.ts';

const number = { type: 'integer' };
const query = (name: string, schema: Schema) => ({ name, in: 'query', required: false, schema }) as const;

const kinds = ['accessToken', 'refreshToken', 'apiKey', 'user', 'consumerKey'];
const told = { value: text, issuer: text, issuedBefore: text, expires: text };

export const revocationDefinitions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    {
      ...plain,
      method: 'POST',
      path: '/revocations',
      body: body('RevocationRequest'),
      responses: { 201: ref('Revoked') },
    },
    {
      ...plain,
      method: 'GET',
      path: '/revocations',
      parameters: [
        query('user', text),
        query('consumerKey', text),
        query('limit', { ...number, default: 25 }),
        query('offset', { ...number, default: 0 }),
      ],
      responses: { 200: ref('RevocationList') },
    },
    { ...plain, method: 'GET', path: '/gateways', responses: { 200: ref('GatewayList') } },
  ],
  schemas: {
    RevocationRequest: {
      type: 'object',
      // Times are seconds or text; `readTime` says what is wrong with them.
      properties: { token: text, user: text, consumerKey: text, issuer: text, issuedBefore: {}, expires: {} },
    },
    Revoked: {
      type: 'object',
      required: ['kind', 'value', 'number'],
      properties: {
        kind: { type: 'string', enum: kinds },
        ...told,
        ...{ user: text, consumerKey: text },
        ...{ accessTokens: number, refreshTokens: number, apiKeys: number },
        // A gateway that has applied this number enforces it.
        number,
      },
    },
    Revocation: {
      type: 'object',
      required: ['number', 'kind', 'value'],
      properties: { number, kind: { type: 'string', enum: ['token', 'user', 'consumerKey'] }, ...told },
    },
    RevocationList: listOf('Revocation'),
    Gateway: {
      type: 'object',
      required: ['name', 'serial', 'fingerprint', 'address', 'since', 'sent', 'lag'],
      properties: {
        name: text,
        serial: text,
        fingerprint: text,
        address: text,
        since: text,
        sent: number,
        lag: number,
      },
    },
    GatewayList: listOf('Gateway'),
  },
};

function listOf(name: string): Schema {
  const list = { type: 'array', items: ref(name) };
  return { type: 'object', properties: { count: number, list, pagination: ref('Pagination') } };
}
