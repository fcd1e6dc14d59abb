/** Operations of the developer portal API that are ours: the original has no such ones there. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';

export const additions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = { operations: [], schemas: {} };
