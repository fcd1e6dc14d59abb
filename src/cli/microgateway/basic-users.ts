/** The users of `[b7a.users.<name>]`. */
import type { BasicUser } from '../../gateway/fixed-configuration.ts';
import { ConfigError } from '../../platform/config/config-error.ts';
import type { Configuration } from './configuration.ts';

const digest = /^([0-9a-f]{40}|@sha256:\{[0-9a-f]{64}\}|@sha512:\{[0-9a-f]{128}\})$/i;

/** @throws ConfigError for a password that is no digest */
export function basicUsersOf({ config, where }: Configuration): BasicUser[] {
  const problems: string[] = [];
  const users = Array.from(config.b7a.users, ([name, { password, scopes }]): BasicUser => {
    if (!digest.test(password)) {
      problems.push(
        `${where(`b7a.users.${name}.password`)}: expected the digest of a password: @sha256:{64 hexadecimal digits}, @sha512:{128} or 40 of SHA-1`,
      );
    }
    const names = scopes.split(',').map((scope) => scope.trim());
    return { name, password, scopes: names.filter((scope) => scope !== '') };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return users;
}
