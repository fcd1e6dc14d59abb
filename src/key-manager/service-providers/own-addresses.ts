/** How service providers know us. */
import type { IssuerOptions } from '../call.ts';

type Names = Pick<IssuerOptions, 'issuer' | 'publicUrl'>;

/** The same at all nodes, like the issuer. Where that is an address, our metadata are found there. */
export function ownEntityId({ issuer }: Names): string {
  return /^https?:\/\//.test(issuer) && URL.canParse(issuer) ? new URL('/samlsso/metadata', issuer).href : issuer;
}

export const signOnPath = '/samlsso';
export const continuePath = '/samlsso/continue';

/** Where browsers come with requests; the first is the one that we tell others. */
export function signOnUrls(options: Names): readonly string[] {
  const own = options.publicUrl + signOnPath;
  const common = ownEntityId(options).replace(/\/metadata$/, '');
  return [own, `${own}/`, common, `${common}/`];
}
