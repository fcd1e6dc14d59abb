/** Tokens: issued, refreshed, looked at and revoked, beside oidc-provider on the same kind of database. */
import { join } from 'node:path';
import { freePorts } from '../../test/chaos/free-ports.ts';
import { basic, postForm } from '../../test/support/call.ts';
import { postgresqlPrograms, startPostgresql } from '../../test/support/postgresql.ts';
import type { Contender, Goal } from '../gateway/contest.ts';
import { type FormLoad, formLoad } from '../gateway/load/form.ts';
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
  /** Of the body; `TOKEN` is an access token. */
  readonly form: string;
  /** Also the rate at which one processor signs. */
  readonly raw?: boolean;
  /** oidc-provider may take at least so many times as much. */
  readonly timesCheaper?: number;
}

const issue = { ours: '/oauth2/token', theirs: '/token' };
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
    // oidc-provider refuses a scope that it does not know, and gives a new token each time anyway.
    form: 'grant_type=client_credentials&scope=menu_read%20device_@',
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
      const ours = await stand.keep(startTokenService({ algorithm: work.algorithm, database: mine }));
      const other = await startOther(stand, work, ours, theirs);
      const [own, peer] = [`postern (${kind})`, `oidc-provider (${kind})`];
      contenders.push(await contender(own, ours.pid, ours[work.tokens], `${ours.url}${work.path.ours}`, work));
      contenders.push(await contender(peer, other.pid, ours[work.tokens], `${other.url}${work.path.theirs}`, work));
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

async function startOther(stand: Stand, work: Work, { tls, [work.tokens]: client }: TokenService, database: string) {
  const [port = 0] = await freePorts(1);
  const privateKey = keyFor(work.algorithm);
  const provider = await stand.keep(
    startOidcProvider({
      port,
      tls,
      database,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      algorithm: work.algorithm,
      client: { id: client.key, secret: client.secret },
      jwt: work.tokens === 'jwt',
    }),
  );
  return { pid: provider.pid, url: `https://localhost:${port}` };
}

async function contender(name: string, pid: number, client: ClientKey, url: string, work: Work): Promise<Contender> {
  const authorization = basic(client.key, client.secret);
  const theirs = name.startsWith('oidc-provider');
  let form = theirs ? work.form.replace('%20device_@', '') : work.form;
  if (form.includes('TOKEN')) {
    const path = theirs ? issue.theirs : issue.ours;
    const answer = await postForm(
      `${new URL(url).origin}${path}`,
      { grant_type: 'client_credentials', scope: 'menu_read' },
      authorization,
    );
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.body}`);
    form = form.replace('TOKEN', answer.json().access_token);
  }
  const load: Omit<FormLoad, 'seconds'> = { url, authorization, form };
  return {
    name,
    pid,
    load: () => ({ url, token: '', seconds: 2 }),
    by: ({ seconds }) => formLoad({ ...load, seconds }),
  };
}
