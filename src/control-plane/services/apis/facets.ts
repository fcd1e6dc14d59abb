/** What holds for labels and categories alike: APIs carry them by name. */
import { facetUsers } from '../../../adapters/stores/facet-users.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import { RestError } from '../../../platform/rest-error.ts';

type Kind = 'label' | 'category';

/** @throws RestError 400 */
export function checkFacetName(name: string): void {
  if (hasHiddenCharacters(name)) throw new RestError(400, `body/name: expected no ${hiddenCharacters}.`);
  if (name.trim() !== name || name === '' || name.length > 255) {
    throw new RestError(400, 'body/name: expected 1 to 255 characters, without spaces at the ends.');
  }
}

/** Refuses what would leave APIs with a name that stands for nothing. @throws RestError 409 */
export async function refuseUsed(tx: StoreTransaction, kind: Kind, name: string, what: string): Promise<void> {
  const { names, total } = await facetUsers(tx.db, kind, name);
  if (total === 0) return;
  const more = total > names.length ? ` and ${total - names.length} more` : '';
  throw new RestError(409, `The ${kind} ${name} can't be ${what}: it is in use by ${names.join(', ')}${more}.`);
}

/** @throws RestError 409 in place of a unique violation */
export async function named<T>(kind: Kind, name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new RestError(409, `There is a ${kind} ${name} already.`);
  }
}
