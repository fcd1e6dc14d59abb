/** `postern revoke`: a token, or all of a user or a client, in an environment. Done when the control plane has decided it. */
import { text } from 'node:stream/consumers';
import { UsageError } from '../fail.ts';
import { askHidden } from '../prompt.ts';
import { withConnection } from '../remote/connection.ts';
import { inOptions } from '../remote/option-names.ts';
import { type OutputFormat, print } from '../remote/output.ts';
import { note } from '../remote/progress.ts';

export interface RevokeOptions {
  readonly environment: string;
  /** `-` = on standard input. */
  readonly token?: string;
  readonly user?: string;
  readonly client?: string;
  readonly issuedBefore?: string;
  readonly issuer?: string;
  readonly expires?: string;
  readonly output: OutputFormat;
  readonly insecure?: boolean;
}

/** What the control plane says was revoked. */
interface Revoked {
  readonly kind: string;
  readonly value: string;
  readonly number: number;
  readonly [field: string]: unknown;
}

const columns = [
  ['REVOKED', 'kind'],
  ['VALUE', 'value'],
  ['USER', 'user'],
  ['ISSUED BEFORE', 'issuedBefore'],
  ['EXPIRES', 'expires'],
  ['ACCESS TOKENS', 'accessTokens'],
  ['REFRESH TOKENS', 'refreshTokens'],
  ['API KEYS', 'apiKeys'],
  ['NUMBER', 'number'],
] as const;

export async function revoke(options: RevokeOptions): Promise<void> {
  const { environment, user, client: consumerKey, issuedBefore, issuer, expires, output } = options;
  const given = [options.token, user, consumerKey].filter((one) => one !== undefined);
  if (given.length !== 1) throw new UsageError('expected one of a token, --user and --client');
  if (options.token !== undefined && issuedBefore !== undefined) {
    throw new UsageError('--issued-before: expected only with --user or --client');
  }
  const token = await tokenOf(options.token);
  await withConnection(environment, options, async (connection) => {
    const body = { token, user, consumerKey, issuedBefore, issuer, expires };
    const revoked = await inOptions(optionNames, connection.post<Revoked>('admin', '/revocations', body));
    // In a table only what there is something to say of.
    const shown = columns.filter(([, field]) => revoked[field] !== undefined);
    print([revoked], shown, output);
  });
}

const optionNames = {
  user: '--user',
  consumerKey: '--client',
  issuedBefore: '--issued-before',
  issuer: '--issuer',
  expires: '--expires',
};

async function tokenOf(given: string | undefined): Promise<string | undefined> {
  if (given === undefined) return undefined;
  if (given !== '-') {
    note('others on this machine may see a token on the command line; - reads it from standard input');
    return given;
  }
  const token = process.stdin.isTTY ? await askHidden('Token: ', 'the token') : await text(process.stdin);
  if (token.trim() === '') throw new UsageError('-: there was no token on standard input');
  return token.trim();
}
