/** The password of a back end is for that one: who sends it elsewhere has to know it. */
import type { CatalogApi, EndpointConfig } from '../../../core/catalog-api.ts';
import { authorityOf, endpointUrls } from '../../../core/deployed-api.ts';
import { RestError } from '../../../platform/rest-error.ts';

/**
 * For a change that doesn't say the password: it is kept where every address has a host and port that it was given for,
 * with https where that had it.
 * @param after the addresses as they are to be
 * @param where the password can be said
 * @throws RestError 400
 */
export function requireSameBackEnds(
  { endpointConfig }: Pick<CatalogApi, 'endpointConfig'>,
  after: EndpointConfig | null,
  where: string,
): void {
  const before = endpointUrls(endpointConfig);
  // What is no address is refused elsewhere, with a better reason.
  const others = endpointUrls(after).filter((url) => URL.canParse(url) && !before.some((old) => isFor(old, url)));
  if (others.length === 0) return;
  const names = [...new Set(others.map((url) => new URL(url).origin))].join(', ');
  throw new RestError(
    400,
    `endpointSecurity: the password was not given for ${names}; expected it again, as ${where}, or the back ends that there were.`,
  );
}

function isFor(old: string, url: string): boolean {
  if (!URL.canParse(old) || authorityOf(old) !== authorityOf(url)) return false;
  return new URL(old).protocol !== 'https:' || new URL(url).protocol === 'https:';
}
