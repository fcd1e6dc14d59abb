/**
 * Two key managers on one PostgreSQL database, one of which is killed again and again while clients log in, exchange codes,
 * refresh, revoke and ask about tokens at both. Whatever a client was told stands: no token that it has read is lost, nothing is
 * given twice, and nothing that is dead comes back. Clients of the other node see no error.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Random, randomFrom } from '../chaos/random.ts';
import { Browser } from '../support/browser.ts';
import { type Answer, basic, call, postForm } from '../support/call.ts';
import type { Postern } from '../support/postern.ts';
import { missing } from '../support/servers.ts';
import { startTwoNodes, type TwoNodes } from '../support/two-nodes.ts';

const skip = missing('postgresql');
const callbackUrl = 'https://client.example/cb';
const seed = 6;
const kills = 2;
/** Things that clients do at each node between two kills, at least. */
const turns = 30;
/** At each node at once. */
const clients = 4;
/** Share of the answers of the first node that are lost on their way. Who gets none can't tell that from a node that was killed. */
const lossRate = 0.1;

interface Keys {
  readonly key: string;
  readonly secret: string;
}

/** What a client was given, and what it may rely on. */
interface Held {
  readonly of: Keys;
  readonly access: string;
  readonly refresh: string | null;
}

let nodes: TwoNodes<readonly Keys[]>;
let browser: Browser;

before(async () => {
  if (skip) return;
  const fill = async (...[filler, api]: Parameters<Parameters<typeof startTwoNodes>[0]>) => {
    await filler.user('mary', ['Internal/subscriber']);
    const common = { subscribe: [api], callbackUrl };
    const opaque = { ...common, tokenType: 'OPAQUE' } as const;
    return [await filler.application('jwt', common), await filler.application('opaque', opaque)];
  };
  // Who was killed answers no more: whoever asks once more, however late on a slow machine, gets what he should have got.
  nodes = await startTwoNodes<readonly Keys[]>(fill, ['--tokens.refreshReuseWindow=120']);
  browser = await logIn();
});
after(() => nodes?.close());

/** Of the same scope a user's opaque token would be handed out again. */
const scopes = Array.from({ length: 600 }, (_, at) => `device_${at}`);

/** A browser in which mary has logged in and has agreed to all of it. */
async function logIn(): Promise<Browser> {
  const own = new Browser(nodes.a.server, nodes.b.server);
  await own.go(`${nodes.a.server}/oauth2/account`);
  await own.submit({ username: 'mary', password: 'password of mary' });
  for (const of of nodes.filled) {
    // Longer addresses than of half of it browsers and servers refuse.
    for (const half of [scopes.slice(0, 300), scopes.slice(300)]) {
      await own.go(authorizationUrl(nodes.a, of, half.join(' ')));
      assert.match(await own.submit({ decision: 'agree' }), /[?&]code=/);
    }
  }
  return own;
}

function authorizationUrl(node: Postern, { key }: Keys, scope: string): string {
  const query = { response_type: 'code', client_id: key, redirect_uri: callbackUrl, scope };
  return `${node.server}/oauth2/authorize?${new URLSearchParams(query)}`;
}

/** Everything that clients do and know. */
class Clients {
  readonly held: Held[] = [];
  /** What must not be good any more. */
  readonly dead: Pick<Held, 'of' | 'access'>[] = [];
  /** What must not have been. */
  readonly wrong: string[] = [];
  /** Turns at each node. */
  readonly done = { a: 0, b: 0 };
  /** Requests without an answer. */
  unanswered = 0;
  /** Whether the first node may be silent. */
  killed = false;
  #running = true;
  #scope = 0;
  readonly #random: Random = randomFrom(seed);
  readonly #workers: Promise<void>[];

  constructor() {
    const all = Array.from({ length: clients }, () => ['a', 'b'] as const).flat();
    this.#workers = all.map((home) => this.#work(home));
  }

  async end(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
  }

  async #work(home: 'a' | 'b'): Promise<void> {
    const kinds = [
      this.#own,
      this.#again,
      this.#again,
      this.#code,
      this.#code,
      this.#twice,
      this.#refresh,
      this.#revoke,
      this.#examine,
      this.#use,
    ];
    while (this.#running) {
      const picked = this.#random.pick(kinds);
      const kind = scopes.length < 2 * clients && [this.#code, this.#twice].includes(picked) ? this.#own : picked;
      await this.#turn(home, kind);
    }
  }

  async #turn(home: 'a' | 'b', kind: (home: 'a' | 'b') => Promise<void>): Promise<void> {
    try {
      await kind.call(this, home);
      this.done[home]++;
    } catch (error) {
      this.wrong.push(`${home}: ${(error as Error).message}`);
      this.#running = false;
    }
  }

  /** Null = there is no answer. A client of the second node always has one. */
  async #ask(home: 'a' | 'b', send: (node: Postern) => Promise<Answer>): Promise<Answer | null> {
    try {
      const answer = await send(nodes[home]);
      if (answer.status >= 500) this.wrong.push(`${home}: ${answer.status} ${answer.body}`);
      if (home === 'b' || this.#random.next() >= lossRate) return answer;
    } catch (error) {
      if (home === 'b' || !this.killed) this.wrong.push(`${home}: ${(error as Error).message}`);
    }
    this.unanswered++;
    return null;
  }

  #post(home: 'a' | 'b', path: string, form: Record<string, string>, { key, secret }: Keys): Promise<Answer | null> {
    return this.#ask(home, (node) => postForm(`${node.server}${path}`, form, basic(key, secret)));
  }

  /** Who gets no answer asks the other node. */
  async #sure(home: 'a' | 'b', path: string, form: Record<string, string>, of: Keys): Promise<Answer> {
    const answer = (await this.#post(home, path, form, of)) ?? (await this.#post('b', path, form, of));
    assert.equal(answer?.status, 200, `${path} ${form.grant_type ?? ''}: ${answer?.body}`);
    return answer;
  }

  #keep(of: Keys, { json }: Answer): void {
    const { access_token: access, refresh_token: refresh = null } = json();
    this.held.push({ of, access, refresh });
  }

  #take(fits: (one: Held) => boolean): Held | undefined {
    const possible = this.held.filter(fits);
    if (possible.length === 0) return undefined;
    const one = this.#random.pick(possible);
    this.held.splice(this.held.indexOf(one), 1);
    return one;
  }

  /** The client's own token. */
  async #own(home: 'a' | 'b'): Promise<void> {
    const of = this.#random.pick(nodes.filled);
    const form = { grant_type: 'client_credentials', scope: `device_own_${this.#scope++}` };
    this.#keep(of, await this.#sure(home, '/oauth2/token', form, of));
  }

  /** An opaque token is handed out again by both nodes as long as it lives, and by neither once it was revoked. */
  async #again(home: 'a' | 'b'): Promise<void> {
    const of = nodes.filled.at(-1) as Keys;
    const form = { grant_type: 'client_credentials', scope: `device_again_${this.#random.whole(3)}` };
    const before = new Set(this.dead.map(({ access }) => access));
    const { access_token: access } = (await this.#sure(home, '/oauth2/token', form, of)).json();
    assert.equal(before.has(access), false, 'a dead token was handed out again');
    if (this.#random.next() < 0.5) return;
    await this.#sure(this.#random.pick(['a', 'b']), '/oauth2/revoke', { token: access }, of);
    this.dead.push({ of, access });
  }

  async #newCode(home: 'a' | 'b'): Promise<{ of: Keys; form: Record<string, string> }> {
    const of = this.#random.pick(nodes.filled);
    const scope = scopes.pop() ?? assert.fail('there are too few scopes');
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    const go = (node: Postern) => call(authorizationUrl(node, of, scope), { headers: { cookie } });
    const answer = (await this.#ask(home, go)) ?? (await this.#ask('b', go));
    const code = URL.parse(String(answer?.headers.location))?.searchParams.get('code');
    assert.ok(code, `no code: ${answer?.status} ${answer?.headers.location} ${answer?.body}`);
    return { of, form: { grant_type: 'authorization_code', code, redirect_uri: callbackUrl } };
  }

  /** A code, which is exchanged; once more where no answer came: then it is good, or used up. */
  async #code(home: 'a' | 'b'): Promise<void> {
    const { of, form } = await this.#newCode(home);
    const first = await this.#post(home, '/oauth2/token', form, of);
    const answer = first ?? (await this.#post('b', '/oauth2/token', form, of));
    if (answer?.status === 200) this.#keep(of, answer);
    else
      assert.ok(!first && answer?.json().error === 'invalid_grant', `a good code: ${answer?.status} ${answer?.body}`);
  }

  /** A code at both nodes at once: one of them gives tokens at most, and they are dead in the end. */
  async #twice(home: 'a' | 'b'): Promise<void> {
    const { of, form } = await this.#newCode(home);
    const at = [home, home === 'a' ? 'b' : 'a'] as const;
    const answers = await Promise.all(at.map((node) => this.#post(node, '/oauth2/token', form, of)));
    const last = await this.#post('b', '/oauth2/token', form, of);
    assert.equal(last?.json().error, 'invalid_grant', `a code for the third time: ${last?.body}`);
    const given = answers.filter((answer) => answer?.status === 200);
    assert.ok(given.length < 2, 'a code gave tokens twice');
    for (const answer of given) this.dead.push({ of, access: answer?.json().access_token });
  }

  /** Nobody loses his log-in because an answer is lost. */
  async #refresh(home: 'a' | 'b'): Promise<void> {
    const one = this.#take(({ refresh }) => refresh !== null);
    if (!one) return;
    const form = { grant_type: 'refresh_token', refresh_token: String(one.refresh) };
    this.#keep(one.of, await this.#sure(home, '/oauth2/token', form, one.of));
    this.dead.push(one);
  }

  async #revoke(home: 'a' | 'b'): Promise<void> {
    const one = this.#take(() => true);
    if (!one) return;
    await this.#sure(home, '/oauth2/revoke', { token: one.access }, one.of);
    this.dead.push(one);
  }

  /** What a node says of a token, wherever it comes from. */
  async #examine(home: 'a' | 'b'): Promise<void> {
    const from: readonly Pick<Held, 'of' | 'access'>[] = this.#random.next() < 0.5 ? this.held : this.dead;
    if (from.length === 0) return;
    const one = this.#random.pick(from);
    const answer = await this.#sure(home, '/oauth2/introspect', { token: one.access }, one.of);
    // Somebody may have refreshed or revoked it meanwhile.
    if (from.includes(one)) assert.equal(answer.json().active, from === this.held, `${home} of ${one.access}`);
  }

  async #use(): Promise<void> {
    if (this.held.length === 0) return;
    const one = this.#random.pick(this.held);
    const answer = await use(one.access);
    if (this.held.includes(one)) assert.equal(answer.status, 200, answer.body);
  }
}

const use = (token: string): Promise<Answer> =>
  call(`${nodes.gateway.http}/echo/1.0.0/x`, { headers: { authorization: `Bearer ${token}` } });

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Until clients have done so much more at each of the nodes. */
async function go(all: Clients, at: readonly ('a' | 'b')[]): Promise<void> {
  const until = { a: all.done.a + turns, b: all.done.b + turns };
  while (all.wrong.length === 0 && at.some((node) => all.done[node] < until[node])) await pause();
}

async function isActive(node: Postern, { of, access }: Pick<Held, 'of' | 'access'>): Promise<boolean> {
  const answer = await postForm(`${node.server}/oauth2/introspect`, { token: access }, basic(of.key, of.secret));
  assert.equal(answer.status, 200, answer.body);
  return answer.json().active;
}

/** Eight at once. */
async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await work(one);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

test('a node is killed twice under load: nothing that was handed out is lost, nothing dead comes back', {
  skip,
  timeout: 240_000,
}, async (context) => {
  const all = new Clients();
  for (let count = 0; count < kills; count++) {
    await go(all, ['a', 'b']);
    all.killed = true;
    await nodes.a.kill();
    await go(all, ['b']);
    nodes.a = await nodes.startNode(nodes.a.data, nodes.a.offset);
    all.killed = false;
  }
  await go(all, ['a', 'b']);
  await all.end();
  const { held, dead, wrong, done, unanswered } = all;
  context.diagnostic(
    `${done.a} and ${done.b} turns, ${held.length} tokens held, ${dead.length} dead, ${unanswered} requests unanswered`,
  );
  assert.deepEqual(wrong, []);
  assert.ok(held.length > 20 && dead.length > 20);

  await eachOf(held, async (one) => {
    for (const node of [nodes.a, nodes.b]) assert.equal(await isActive(node, one), true, one.access);
    assert.equal((await use(one.access)).status, 200, one.access);
  });
  await eachOf(dead, async (one) => {
    for (const node of [nodes.a, nodes.b]) assert.equal(await isActive(node, one), false, one.access);
    while ((await use(one.access)).status !== 401) await pause();
  });
  await eachOf(held, async ({ of, refresh }) => {
    if (refresh === null) return;
    const form = { grant_type: 'refresh_token', refresh_token: refresh };
    const answer = await postForm(`${nodes.b.server}/oauth2/token`, form, basic(of.key, of.secret));
    assert.equal(answer.status, 200, answer.body);
  });
});
