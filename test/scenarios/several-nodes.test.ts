/** Two key managers on one PostgreSQL database, as real processes: together they are one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, basic, call, postForm } from '../support/call.ts';
import type { Postern } from '../support/postern.ts';
import { missing } from '../support/servers.ts';
import { startTwoNodes, type TwoNodes } from '../support/two-nodes.ts';

const skip = missing('postgresql');
type Keys = { key: string; secret: string };

let nodes: TwoNodes<Record<'jwt' | 'opaque' | 'user', Keys>>;
let a: Postern;
let b: Postern;
let keys: Record<'jwt' | 'opaque' | 'user', Keys>;

before(async () => {
  if (skip) return;
  nodes = await startTwoNodes(async (filler, api) => {
    await filler.user('mary', ['Internal/subscriber']);
    return {
      jwt: await filler.application('jwt', { subscribe: [api] }),
      opaque: await filler.application('opaque', { subscribe: [api], tokenType: 'OPAQUE' }),
      user: await filler.application('user', { subscribe: [api] }),
    };
  });
  ({ a, b, filled: keys } = nodes);
});
after(() => nodes?.close());

const ask = (node: Postern, form: Record<string, string>, { key, secret }: Keys): Promise<Answer> =>
  postForm(`${node.server}/oauth2/token`, form, basic(key, secret));

async function token(node: Postern, of: Keys, scope = 'default'): Promise<string> {
  const answer = await ask(node, { grant_type: 'client_credentials', scope }, of);
  assert.equal(answer.status, 200, answer.body);
  return answer.json().access_token;
}

const use = (bearer: string): Promise<Answer> =>
  call(`${nodes.gateway.http}/echo/1.0.0/x`, { headers: { authorization: `Bearer ${bearer}` } });

async function refused(bearer: string, limit: number): Promise<void> {
  const from = performance.now();
  while ((await use(bearer)).status !== 401) {
    assert.ok(performance.now() - from < limit, `still accepted after ${limit} ms`);
  }
}

test('200 simultaneous requests for an opaque token at both nodes: one token', { skip }, async () => {
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, at) => token(at % 2 ? a : b, keys.opaque, 'device_same')),
  );
  assert.equal(new Set(all).size, 1);
});

test('a refresh token that both nodes are shown at once gives one successor', { skip }, async () => {
  const form = { grant_type: 'password', username: 'mary', password: 'password of mary' };
  const first = (await ask(a, form, keys.user)).json();
  const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
  const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => ask(at % 2 ? a : b, refresh, keys.user)));
  for (const answer of answers) assert.equal(answer.status, 200, answer.body);
  assert.equal(new Set(answers.map((answer) => answer.json().refresh_token)).size, 1);
});

test('a token of one node is revoked at the other: 401 at the gateway that follows the first', { skip }, async () => {
  for (const client of [keys.jwt, keys.opaque]) {
    for (const [issuing, revoking] of [
      [a, b],
      [b, a],
    ] as const) {
      const bearer = await token(issuing, client, `device_${issuing.offset}`);
      assert.equal((await use(bearer)).status, 200);
      const revoked = await postForm(
        `${revoking.server}/oauth2/revoke`,
        { token: bearer },
        basic(client.key, client.secret),
      );
      assert.equal(revoked.status, 200, revoked.body);
      await refused(bearer, 1000);
    }
  }
});

test('a node with another store key is refused at its start, and says which file it needs', { skip }, async () => {
  await assert.rejects(nodes.startNode(nodes.newFolder()), /does not open with the store key in .*keys\/store\.key/);
});
