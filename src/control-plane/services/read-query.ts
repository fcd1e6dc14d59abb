/** The search language of the REST APIs: `name:pizza status:PUBLISHED tag:"food"`. */
import type { ApiCondition } from '../../adapters/stores/api-search.ts';
import { RestError } from '../../platform/rest-error.ts';

const fields: ReadonlyMap<string, ApiCondition['field']> = new Map(
  Object.entries<ApiCondition['field']>({
    name: 'name',
    version: 'version',
    context: 'context',
    status: 'status',
    lcstate: 'status',
    description: 'description',
    provider: 'provider',
    type: 'type',
    tag: 'tag',
    tags: 'tag',
    subcontext: 'path',
    doc: 'doc',
    label: 'label',
    'api-category': 'category',
  }),
);

/** `field:` (any but a space or a quote before the colon), then a text in quotes or without spaces. */
const term = /(?:([^\s":]+):)?(?:"([^"]*)"|(\S+))/g;

/**
 * Conditions that hold together. A text in quotes is meant exactly, any other is to be found in the field; `*` is anything.
 * A word without a field is a part of the name. A field that is none of the known ones is an additional property.
 * @throws RestError 400 for more than 20 of them
 */
export function readQuery(query: string): ApiCondition[] {
  const conditions: ApiCondition[] = [];
  for (const [, name, quoted, bare] of query.matchAll(term)) {
    const value = quoted ?? bare ?? '';
    if (value === '') continue;
    const field = name === undefined ? 'name' : fields.get(name.toLowerCase());
    const exact = quoted !== undefined;
    conditions.push(field ? { field, value, exact } : { field: 'property', property: name as string, value, exact });
  }
  if (conditions.length > 20) throw new RestError(400, 'query: expected 20 conditions at most.');
  return conditions;
}
