/** Parts of the operations and schemas that the admin API has beyond the original's. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';

/** An operation for administrators that says nothing of these. */
export const plain = {
  scopes: ['apim:admin'],
  parameters: [],
  body: null,
  form: [],
} satisfies Partial<OperationDefinition>;

export const text = { type: 'string' };

export const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });

/** A body of this schema, which must be there. */
export const body = (schema: string): OperationDefinition['body'] => ({ required: true, schema: ref(schema) });
