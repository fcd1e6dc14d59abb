/** An API that is sent as text: checked as the body of `POST /apis` is. */
import { RestError } from '../../../platform/rest-error.ts';
import { refuseManyValues } from '../../rest/bounds.ts';
import { type API, publisher } from '../../rest/definitions/publisher.ts';
import { checksOf } from '../../rest/validation.ts';
import { additions } from './additions.ts';

let check: ((given: unknown) => unknown) | undefined;

/**
 * @param field that the text was sent in
 * @param defaults for what it doesn't say
 * @throws RestError 400
 */
export function readApiForm(text: string | undefined, field: string, defaults: Partial<API>): API {
  refuseManyValues(text ?? '');
  let given: unknown;
  try {
    given = JSON.parse(text || '{}');
  } catch {
    throw new RestError(400, `${field}: expected the fields of an API as JSON.`);
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new RestError(400, `${field}: expected an object with the fields of an API.`);
  }
  check ??= compile();
  return check({ ...defaults, ...given }) as API;
}

function compile(): (given: unknown) => unknown {
  const schemas = { ...publisher.schemas, ...additions.schemas };
  const operation = publisher.operations.find(({ method, path }) => method === 'POST' && path === '/apis');
  if (!operation) throw new Error('the definition has no POST /apis');
  const checks = checksOf({ ...publisher, schemas })(operation);
  return (given) => checks.body(given);
}
