/** The Basic scheme (RFC 7617): the users that a microgateway's configuration lists, with hashes of their passwords. */
import { hash, timingSafeEqual } from 'node:crypto';
import { type Fault, fault, faults } from '../../core/faults.ts';
import type { BasicUser } from '../fixed-configuration.ts';
import type { Principal } from './principal.ts';
import type { PrincipalFactory } from './principal-factory.ts';
import type { Scheme } from './scheme.ts';

const wrong = fault(faults.invalidBasicCredentials);
const malformed = fault(faults.invalidBasicCredentials, 'The Basic credentials are not base64 of `user:password`.');

interface KnownUser {
  readonly principal: Principal;
  readonly algorithm: string;
  readonly digest: Buffer;
}

export class BasicScheme implements Scheme {
  readonly #users = new Map<string, KnownUser>();

  /** @throws Error that names a user whose password is in no known form */
  constructor(users: readonly BasicUser[], principals: PrincipalFactory) {
    for (const user of users) {
      this.#users.set(user.name, { principal: principals.createUser(user), ...readPasswordHash(user) });
    }
  }

  /** Nothing is remembered: a hash costs as little as a look-up of such long keys. */
  cached(): undefined {
    return undefined;
  }

  clear(): void {}

  verify(credentials: string): Principal | Fault {
    const encoded = /^basic +([A-Za-z0-9+/\-_]+=*) *$/i.exec(credentials)?.[1];
    const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon === -1) return malformed;
    const user = this.#users.get(text.slice(0, colon));
    // For a user that there isn't, the same work.
    const digest = hash(user?.algorithm ?? 'sha256', text.slice(colon + 1), 'buffer');
    if (!user || colon === text.length - 1) return wrong;
    return timingSafeEqual(digest, user.digest) ? user.principal : wrong;
  }
}

const hexLength: Readonly<Record<string, number>> = { sha1: 40, sha256: 64, sha512: 128 };

/** @throws Error that names the user, never the hash */
export function readPasswordHash({ name, password }: BasicUser): { algorithm: string; digest: Buffer } {
  const marked = /^@(sha256|sha512):\{?([0-9a-f]+)\}?$/i.exec(password);
  const algorithm = marked?.[1]?.toLowerCase() ?? 'sha1';
  const hex = marked?.[2] ?? password;
  if (!/^[0-9a-f]+$/i.test(hex) || hex.length !== hexLength[algorithm]) {
    throw new Error(
      `the password of the user ${name}: expected the hexadecimal SHA-1 of it, @sha256:{hex} or @sha512:{hex}`,
    );
  }
  return { algorithm, digest: Buffer.from(hex, 'hex') };
}
