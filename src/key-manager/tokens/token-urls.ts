/** The addresses of the token endpoint: what assertions must be made for. */
import type { IssuerOptions } from '../call.ts';

export function tokenUrls({ publicUrl, tokenUrls: others }: Pick<IssuerOptions, 'publicUrl' | 'tokenUrls'>): string[] {
  return [`${publicUrl}/oauth2/token`, ...others];
}
