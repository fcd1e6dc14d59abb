/** Checks what is sent against a definition's schemas. */
import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Ajv2019 as Ajv } from 'ajv/dist/2019.js';
import { type ErrorItem, RestError } from '../../platform/rest-error.ts';
import { mostErrors } from './bounds.ts';
import type { Definition, OperationDefinition, Schema } from './definition.ts';
import { withoutSilence } from './without-silence.ts';

const require = createRequire(import.meta.url);

/** Characters of a field's name that an error shows. */
const shown = 100;

/** Checks a call, and gives query and body the types and defaults of the definition. @throws RestError 400 */
export interface Checks {
  query(query: unknown): void;
  /** @returns the body, without members that say nothing */
  body(body: unknown): unknown;
}

/** The checks of each operation of a definition, compiled at first use. */
export function checksOf(definition: Definition): (operation: OperationDefinition) => Checks {
  // The draft in which a schema of several parts can say that it takes no fields but theirs.
  const { Ajv2019 } = require('ajv/dist/2019.js') as { Ajv2019: typeof Ajv };
  const addFormats = require('ajv-formats') as { default: (ajv: Ajv) => void };
  const ajv = new Ajv2019({ coerceTypes: 'array', useDefaults: true, allErrors: true, strict: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: definition.name, definitions: strictAll(definition.schemas) });
  return (operation) => {
    const parameters = operation.parameters.filter((parameter) => parameter.in === 'query');
    const query = lazily(() => ajv.compile(querySchema(parameters)));
    const body = lazily(() => ajv.compile(strict(operation.body?.schema ?? {}, definition.name)));
    const properties = propertiesOf(operation.body?.schema ?? {}, definition);
    return {
      query: (given) => check(query(), given, 'query'),
      body(given) {
        if (operation.body === null) return undefined;
        if (given === undefined || given === null) {
          if (operation.body.required) throw new RestError(400, 'The body is missing; expected JSON.');
          return {};
        }
        const said = withoutSilence(given, 'body', properties);
        check(body(), said, 'body');
        return said;
      },
    };
  };
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function check(validate: ValidateFunction, given: unknown, what: string): void {
  if (validate(given)) return;
  const errors = validate.errors ?? [];
  const items = errors.slice(0, mostErrors).map((error) => item(error, what));
  const more = errors.length > items.length ? `; and ${errors.length - items.length} more` : '';
  throw new RestError(400, items.map(({ message }) => message).join('; ') + more, items);
}

function item({ keyword, instancePath, params, message }: ErrorObject, what: string): ErrorItem {
  const place = `${what}${instancePath}`;
  switch (keyword) {
    case 'additionalProperties':
      return { code: keyword, message: `${place}: unknown field "${params.additionalProperty.slice(0, shown)}"` };
    case 'unevaluatedProperties':
      return { code: keyword, message: `${place}: unknown field "${params.unevaluatedProperty.slice(0, shown)}"` };
    case 'required':
      return { code: keyword, message: `${place}: the field "${params.missingProperty}" is missing` };
    case 'enum':
      return { code: keyword, message: `${place}: expected one of ${params.allowedValues.join(', ')}` };
    case 'type':
      return { code: keyword, message: `${place}: expected ${[params.type].flat().join(' or ')}` };
    default:
      return { code: keyword, message: `${place}: ${message}` };
  }
}

function querySchema(parameters: OperationDefinition['parameters']): Schema {
  return {
    type: 'object',
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  };
}

/** The fields of a body's schema; null = they are not listed in one place. */
function propertiesOf(schema: Schema, definition: Definition): ReadonlySet<string> | null {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  const { properties } = (name === undefined ? schema : definition.schemas[name]) ?? {};
  return properties ? new Set(Object.keys(properties)) : null;
}

function strictAll(schemas: Definition['schemas']): Record<string, Schema> {
  const parts = new Set<string>();
  for (const schema of Object.values(schemas)) {
    for (const part of (schema.allOf as Schema[] | undefined) ?? []) {
      if (typeof part.$ref === 'string') parts.add(part.$ref.split('/').at(-1) as string);
    }
  }
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, strict(schema, null, parts.has(name))]),
  );
}

/**
 * A schema that takes no fields but its own, so that a misspelt one is not lost without a word. Not where it is a part of
 * another (`allOf`), whose fields it doesn't know. What it requires without having it is nobody's to send.
 * @param root id of the schema that references are to be looked up in; null = this one's own
 */
function strict(schema: Schema, root: string | null, isPart = false): Schema {
  const result: Record<string, unknown> = { ...schema };
  if (typeof schema.$ref === 'string' && root !== null) result.$ref = `${root}${schema.$ref}`;
  if (schema.items) result.items = strict(schema.items as Schema, root);
  if (schema.allOf) {
    result.allOf = (schema.allOf as Schema[]).map((one) => strict(one, root, true));
    if (!isPart) result.unevaluatedProperties = false;
  }
  if (schema.properties) {
    const properties = schema.properties as Record<string, Schema>;
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, strict(property, root)]),
    );
    if (!isPart) result.additionalProperties ??= false;
    if (schema.required) result.required = (schema.required as string[]).filter((name) => name in properties);
  }
  return result;
}
