/** Operations of the publisher API that are ours: the original has no such ones there. And what of its own is wider here. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';
import { publisher } from '../../rest/definitions/publisher.ts';

const { API } = publisher.schemas as { readonly API: Schema };

export const additions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [],
  // Clients of older releases send the endpoints as JSON text.
  schemas: { API: { ...API, properties: { ...(API.properties as object), endpointConfig: {} } } },
};
