/** Tokens: issued, refreshed, looked at and revoked, beside oidc-provider on the same kind of database. */
import { join } from 'node:path';
import { freePorts } from '../../test/chaos/free-ports.ts';
import { basic, postForm } from '../../test/support/call.ts';
import { postgresqlPrograms, startPostgresql } from '../../test/support/postgresql.ts';
import type { Contender, Goal } from '../gateway/contest.ts';
import { type Chain, formLoad } from '../gateway/load/form.ts';
import type { Scenario } from '../gateway/scenarios/scenario.ts';
import type { Stand } from '../gateway/stand.ts';
import { startOidcProvider } from './oidc-provider.ts';
import { keyFor, startRawSigning } from './raw-signing.ts';
import { type ClientKey, startTokenService, type TokenService } from './token-service.ts';

/** What is asked of both. */
interface Work {
  readonly name: string;
  readonly about: string;
  readonly algorithm: 'RS256' | 'ES256' | 'EdDSA';
  readonly tokens: 'jwt' | 'opaque';
  readonly path: { readonly ours: string; readonly theirs: string };
  /** Of the body; `TOKEN` is an access token, or what `chain` says. */
  readonly form: string;
  /** The token is another one in each request: out of an answer, the first ones as refresh tokens or by asking for them. */
  readonly chain?: { readonly field: 'refresh_token' } | { readonly field: 'access_token'; readonly ask: string };
  /** Also the rate at which one processor signs. */
  readonly raw?: boolean;
  /** oidc-provider may take at least so many times as much. */
  readonly timesCheaper?: number;
}

const issue = { ours: '/oauth2/token', theirs: '/token' };
// oidc-provider refuses a scope that it does not know, and gives a new token each time anyway.
const newOpaque = 'grant_type=client_credentials&scope=menu_read%20device_@';
const forThem = (form: string): string => form.replace('%20device_@', '');

const works: readonly Work[] = [
  ...(['RS256', 'ES256', 'EdDSA'] as const).map(
    (algorithm): Work => ({
      name: `issue-${algorithm.toLowerCase()}`,
      about: `access tokens as JWTs by ${algorithm}, each with a row`,
      algorithm,
      tokens: 'jwt',
      path: issue,
      form: 'grant_type=client_credentials&scope=menu_read',
      raw: true,
    }),
  ),
  {
    name: 'issue-opaque',
    about: 'opaque access tokens, each a new one',
    algorithm: 'ES256',
    tokens: 'opaque',
    path: issue,
    form: newOpaque,
    timesCheaper: 1,
  },
  {
    name: 'issue-opaque-again',
    about: 'the opaque access token of the same client and scopes',
    algorithm: 'ES256',
    tokens: 'opaque',
    path: issue,
    form: 'grant_type=client_credentials&scope=menu_read',
    timesCheaper: 2,
  },
  {
    name: 'refresh',
    about: 'a new opaque access token and refresh token for a refresh token, which is used up',
    algorithm: 'ES256',
    tokens: 'opaque',
    path: issue,
    form: 'grant_type=refresh_token&refresh_token=TOKEN',
    chain: { field: 'refresh_token' },
  },
  {
    name: 'issue-and-revoke',
    about: 'opaque access tokens, each a new one, and the revocation of each: a request for either',
    algorithm: 'ES256',
    tokens: 'opaque',
    path: { ours: '/oauth2/revoke', theirs: '/token/revocation' },
    form: 'token=TOKEN',
    chain: { field: 'access_token', ask: newOpaque },
  },
  {
    name: 'introspect',
    about: 'introspection of an opaque access token',
    algorithm: 'ES256',
    tokens: 'opaque',
    path: { ours: '/oauth2/introspect', theirs: '/token/introspection' },
    form: 'token=TOKEN',
    timesCheaper: 2,
  },
];

const databases = ['SQLite', 'PostgreSQL'] as const;

export const tokenServiceScenarios: readonly Scenario[] = works.map((work) => ({
  name: work.name,
  about: work.about,
  async prepare(stand) {
    const contenders: Contender[] = [];
    const goals: Goal[] = [];
    const postgresql = postgresqlPrograms() === null ? null : await stand.keep(startDatabases());
    for (const kind of databases) {
      if (kind === 'PostgreSQL' && !postgresql) continue;
      const [mine = null, theirs = join(stand.folder, 'oidc-provider.db')] =
        kind === 'PostgreSQL' && postgresql ? [await postgresql.newDatabase(), await postgresql.newDatabase()] : [];
      const refreshTokens = work.chain?.field === 'refresh_token' ? tokensOfRound * (stand.rounds + 1) : 0;
      const ours = await stand.keep(startTokenService({ algorithm: work.algorithm, database: mine, refreshTokens }));
      const other = await startOther(stand, work, ours, theirs, refreshTokens);
      const [own, peer] = [`postern (${kind})`, `oidc-provider (${kind})`];
      contenders.push(await contender(stand, own, ours, ours[work.tokens], work));
      contenders.push(await contender(stand, peer, other, ours[work.tokens], work));
      if (work.timesCheaper !== undefined) goals.push({ of: own, beside: peer, atMost: 1 / work.timesCheaper });
    }
    if (work.raw) {
      const signing = await stand.keep(Promise.resolve(startRawSigning(work.algorithm)));
      const by = ({ seconds }: { readonly seconds: number }) => signing.sign(seconds);
      contenders.push({
        name: 'signatures alone',
        pid: signing.pid,
        load: () => ({ url: '', token: '', seconds: stand.seconds }),
        by,
      });
      // 0.8 of the rate is 1.25 of the time. Others are signed so quickly that the rest of the request is most of it.
      if (work.algorithm === 'RS256') {
        goals.push({ of: `postern (${databases[0]})`, beside: 'signatures alone', atMost: 1.25 });
      }
    }
    return { contenders, beside: ['signatures alone', ...databases.map((kind) => `oidc-provider (${kind})`)], goals };
  },
}));

async function startDatabases() {
  const server = await startPostgresql();
  return { newDatabase: () => server.newDatabase(), stop: () => server.close() };
}

async function startOther(
  stand: Stand,
  work: Work,
  { tls, [work.tokens]: client }: TokenService,
  database: string,
  refreshTokens: number,
) {
  const [port = 0] = await freePorts(1);
  const privateKey = keyFor(work.algorithm);
  const file = join(stand.folder, `refresh-tokens-${port}.txt`);
  const provider = await stand.keep(
    startOidcProvider({
      port,
      tls,
      database,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      algorithm: work.algorithm,
      client: { id: client.key, secret: client.secret },
      jwt: work.tokens === 'jwt',
      refreshTokens: { file, count: refreshTokens },
    }),
  );
  return { pid: provider.pid, url: `https://localhost:${port}`, refreshTokens: file };
}

/** wrk asks its script for one more than it sends. */
const tokensOfRound = 80;

async function contender(
  stand: Stand,
  name: string,
  service: Pick<TokenService, 'pid' | 'url' | 'refreshTokens'>,
  client: ClientKey,
  work: Work,
): Promise<Contender> {
  const authorization = basic(client.key, client.secret);
  const side = name.startsWith('oidc-provider') ? 'theirs' : 'ours';
  const adapted = (form: string): string => (side === 'theirs' ? forThem(form) : form);
  const url = `${service.url}${work.path[side]}`;
  const { chain } = work;
  let form = adapted(work.form);
  if (form.includes('TOKEN') && !chain) {
    const answer = await postForm(
      `${service.url}${issue[side]}`,
      { grant_type: 'client_credentials', scope: 'menu_read' },
      authorization,
    );
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.body}`);
    form = form.replace('TOKEN', answer.json().access_token);
  }
  const chainOf = (round: number): Chain | undefined => {
    if (chain?.field !== 'refresh_token') {
      return chain && { field: chain.field, first: { path: issue[side], form: adapted(chain.ask) } };
    }
    const file = { path: service.refreshTokens, skip: round * tokensOfRound, take: tokensOfRound };
    return { field: chain.field, file };
  };
  return {
    name,
    pid: service.pid,
    load: () => ({ url, token: '', seconds: stand.seconds }),
    by({ seconds }, round) {
      const chained = chainOf(round);
      return formLoad({ url, authorization, form, seconds, ...(chained && { chain: chained }) });
    },
  };
}
