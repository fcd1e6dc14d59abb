/** Operations of ours beside the original's imports: the same checks, and what would be changed, but nothing is. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';
import { type APIInfo, admin } from '../../rest/definitions/admin.ts';
import type { Change } from '../../services/import-export/difference.ts';

export interface ImportPreview {
  id: string;
  name: string;
  version: string;
  outcome: 'created' | 'updated' | 'unchanged';
  changes: Change[];
  /** What the project says that has no meaning here. */
  warnings: string[];
}

export interface ApplicationPreview extends Omit<ImportPreview, 'id' | 'version' | 'warnings'> {
  owner: string;
  /** APIs that it can't be subscribed to here. */
  skipped: APIInfo[];
}

/** As the original's operation, at `<path>/preview`. */
function previewOf(path: string, schema: string): OperationDefinition {
  const original = admin.operations.find((operation) => operation.method === 'POST' && operation.path === path);
  if (!original) throw new Error(`the admin API has no POST ${path}`);
  return { ...original, path: `${path}/preview`, responses: { '200': { $ref: `#/definitions/${schema}` } } };
}

const text = { type: 'string' };
const outcome = { type: 'string', enum: ['created', 'updated', 'unchanged'] };
const changes = { type: 'array', items: { $ref: '#/definitions/ImportChange' } };

export const importPreviews: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    previewOf('/import/api', 'ImportPreview'),
    previewOf('/import/applications', 'ApplicationImportPreview'),
  ],
  schemas: {
    ImportPreview: {
      type: 'object',
      required: ['id', 'name', 'version', 'outcome', 'changes', 'warnings'],
      properties: { id: text, name: text, version: text, outcome, changes, warnings: { type: 'array', items: text } },
    },
    ApplicationImportPreview: {
      type: 'object',
      required: ['name', 'owner', 'outcome', 'changes', 'skipped'],
      properties: {
        ...{ name: text, owner: text, outcome, changes },
        skipped: { type: 'array', items: { $ref: '#/definitions/APIInfo' } },
      },
    },
    ImportChange: { type: 'object', required: ['field'], properties: { field: text, from: {}, to: {} } },
  },
};
