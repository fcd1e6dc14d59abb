/** `postern password-link`: a user who has forgotten his password sets another one, and nobody else knows it. */
import { printable } from '../printable.ts';
import { withConnection } from '../remote/connection.ts';
import { note } from '../remote/progress.ts';

export interface PasswordLinkOptions {
  readonly environment: string;
  readonly insecure?: boolean;
}

interface PasswordLink {
  readonly link: string;
  readonly expires: string;
}

export function passwordLink(user: string, options: PasswordLinkOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const path = `/users/${encodeURIComponent(user)}/password-link`;
    const { link, expires } = await connection.post<PasswordLink>('admin', path);
    process.stdout.write(`${printable(link)}\n`);
    note(`good once, until ${printable(expires)}; for ${printable(user)} and nobody else`);
  });
}
