/** Loads the grants that the option `tokens.customGrants` lists: modules of somebody else, which run as ours do. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OperatorError } from '../../../platform/operator-error.ts';
import type { Issued } from '../../tokens/issue.ts';
import type { Grant } from '../grant.ts';
import { grants } from '../index.ts';
import type { CustomGrant } from './custom-grant.ts';
import { customRequest } from './custom-request.ts';

class CustomGrantError extends OperatorError {
  override readonly exitCode = 2;
}

/** Printable ASCII without space, quote and backslash: an absolute URI, or a plain name. */
const grantTypeForm = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/** Read by the endpoint itself: nothing that a grant decides on. */
const reserved = ['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * The built-in grants and these.
 * @param files absolute, or relative to the working folder
 * @throws CustomGrantError that names the file and what was expected
 */
export async function allGrants(files: readonly string[]): Promise<ReadonlyMap<string, Grant>> {
  const all = new Map(grants);
  for (const file of files) {
    const grant = toGrant(await load(file));
    if (all.has(grant.grantType)) wrong(file, `a grantType that no other grant has, got ${grant.grantType}`);
    all.set(grant.grantType, grant);
  }
  return all;
}

async function load(file: string): Promise<CustomGrant> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as typeof module;
  } catch (error) {
    // Node says besides that it was this file that wanted it.
    const [why] = (error as Error).message.split(' imported from ');
    throw new CustomGrantError(`tokens.customGrants: ${file} can not be loaded: ${why}`);
  }
  // The exports of the module, or of an object that it exports by default.
  const exported = ('grantType' in module ? module : module.default) as Partial<CustomGrant> | undefined;
  const { grantType, parameters, handle } = exported ?? {};
  if (typeof grantType !== 'string' || !grantTypeForm.test(grantType)) wrong(file, 'grantType to be exported, a URI');
  if (!Array.isArray(parameters) || !parameters.every((name) => typeof name === 'string' && !reserved.includes(name))) {
    wrong(file, `parameters to be exported, a list of names without ${reserved.join(', ')}`);
  }
  if (typeof handle !== 'function') wrong(file, 'handle to be exported, a function');
  return exported as CustomGrant;
}

function toGrant(custom: CustomGrant): Grant {
  const { grantType, parameters } = custom;
  return {
    grantType,
    parameters: [...parameters],
    async handle(request, km) {
      let issued: Issued | undefined;
      const answer = await custom.handle(
        customRequest(km, grantType, request, (given) => {
          issued = given;
        }),
      );
      if (!issued || answer !== issued) throw new Error(`the grant ${grantType} has not returned what issue gave`);
      return issued;
    },
  };
}

function wrong(file: string, expected: string): never {
  throw new CustomGrantError(`tokens.customGrants: ${file}: expected ${expected}`);
}
