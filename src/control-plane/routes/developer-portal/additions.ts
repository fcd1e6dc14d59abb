/** Operations of the developer portal API that are ours: the original has no such ones there. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';

export const additions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    {
      method: 'POST',
      path: '/self-signup',
      scopes: null,
      parameters: [],
      body: { required: true, schema: { $ref: '#/definitions/User' } },
      form: [],
      responses: {
        '201': { type: 'object', properties: { username: { type: 'string' } } },
        '202': { $ref: '#/definitions/WorkflowResponse' },
        '400': { $ref: '#/definitions/Error' },
        '403': { $ref: '#/definitions/Error' },
        '409': { $ref: '#/definitions/Error' },
      },
    },
    {
      method: 'POST',
      path: '/me/sign-out',
      // Whoever is logged in.
      scopes: [],
      parameters: [],
      body: null,
      form: [],
      responses: { '200': { $ref: '#/definitions/SignedOut' }, '401': { $ref: '#/definitions/Error' } },
    },
  ],
  schemas: {
    SignedOut: {
      type: 'object',
      required: ['accessTokens', 'refreshTokens'],
      // How many were good until now.
      properties: { accessTokens: { type: 'integer' }, refreshTokens: { type: 'integer' } },
    },
  },
};
