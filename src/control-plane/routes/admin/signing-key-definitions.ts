/** The keys that sign tokens, as the admin API defines them: ours, the original has no such operations. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';
import { body, plain, ref, text } from './own-operations.ts';

const kid = { name: 'kid', in: 'path', required: true, schema: text } as const;
const next = {
  algorithm: text,
  // Seconds: 30 days at most.
  signsAfter: { type: 'integer', minimum: 0, maximum: 2_592_000 },
};

export const signingKeyDefinitions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    { ...plain, method: 'GET', path: '/signing-keys', responses: { 200: ref('SigningKeyList') } },
    {
      ...plain,
      method: 'POST',
      path: '/signing-keys',
      body: body('SigningKeyRotation'),
      responses: { 201: ref('SigningKey') },
    },
    {
      ...plain,
      method: 'POST',
      path: '/signing-keys/import',
      body: body('SigningKeyImport'),
      responses: { 201: ref('SigningKey') },
    },
    ...['retire', 'revoke'].map((action) => ({
      ...plain,
      method: 'POST' as const,
      path: `/signing-keys/{kid}/${action}`,
      parameters: [kid],
      responses: { 200: ref('SigningKey') },
    })),
  ],
  schemas: {
    SigningKeyRotation: { type: 'object', properties: next },
    SigningKeyImport: {
      type: 'object',
      required: ['key'],
      // In PEM.
      properties: { key: { type: 'string', maxLength: 65_536 }, passphrase: text, ...next },
    },
    SigningKey: {
      type: 'object',
      required: ['kid', 'algorithm', 'origin', 'phase', 'created', 'signsFrom'],
      properties: {
        kid: text,
        algorithm: text,
        origin: { type: 'string', enum: ['MADE', 'IMPORTED'] },
        phase: { type: 'string', enum: ['NEXT', 'SIGNING', 'ENDED', 'WITHDRAWN', 'REVOKED'] },
        created: text,
        signsFrom: text,
        signsUntil: text,
        neededUntil: text,
      },
    },
    SigningKeyList: {
      type: 'object',
      required: ['count', 'list'],
      properties: { count: { type: 'integer' }, list: { type: 'array', items: ref('SigningKey') } },
    },
  },
};
