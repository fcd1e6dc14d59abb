/** What is remembered of clients is forgotten as soon as somebody has decided otherwise, in whichever process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';
import { regenerateSecret } from '../../adapters/key-managers/built-in.ts';
import { updateClient } from '../../adapters/stores/clients.ts';
import { deleteSubscription } from '../../adapters/stores/subscriptions.ts';
import { Remembered } from '../remembered.ts';

const form = { grant_type: 'client_credentials', scope: 'read update' };

/** Two key managers on one store: what is decided at the other one counts here. */
async function twoNodes(tokenType: 'JWT' | 'OPAQUE') {
  const here = await startAuthorizationServer();
  const there = await startAuthorizationServer({ folder: here.folder });
  const key = await addSubscribedApplication(here, tokenType);
  const ask = () => here.post('/oauth2/token', form, key);
  assert.equal((await ask()).json.scope, 'am_application_scope read');
  return {
    ask,
    key,
    there,
    async [Symbol.asyncDispose]() {
      await there.stop();
      await here[Symbol.asyncDispose]();
    },
  };
}

const decisions: readonly [
  what: string,
  decide: (there: AuthorizationServer, consumerKey: string) => Promise<unknown>,
  answer: readonly [status: number, what: string],
][] = [
  [
    'the client is put out of use',
    (there, key) => there.store.transaction((tx) => updateClient(tx, key, { state: 'INACTIVE' })),
    [401, 'invalid_client'],
  ],
  [
    'the secret is another one',
    ({ store, seal }, key) => store.transaction((tx) => regenerateSecret(tx, seal, key, { hashClientSecrets: false })),
    [401, 'invalid_client'],
  ],
  [
    'the grant is taken away',
    (there, key) => there.store.transaction((tx) => updateClient(tx, key, { grant_types: 'password' })),
    [400, 'unauthorized_client'],
  ],
  [
    'the subscription ends',
    (there) => there.store.transaction((tx) => deleteSubscription(tx, 'sub-1')),
    [200, 'am_application_scope default'],
  ],
  [
    'the owner gets a role',
    (there) => there.km.users.setRoles('admin', ['editor']),
    [200, 'am_application_scope read update'],
  ],
];

for (const tokenType of ['JWT', 'OPAQUE'] as const) {
  for (const [what, decide, expected] of decisions) {
    test(`${expected.join(' ')} in the next answer when ${what} at another node (${tokenType})`, async () => {
      await using nodes = await twoNodes(tokenType);
      await decide(nodes.there, nodes.key.consumerKey);
      const { status, json } = await nodes.ask();
      assert.deepEqual([status, json.error ?? json.scope], expected);
    });
  }
}

test('what could not be read is read again, and what was read stands for one place of the store only', async () => {
  const remembered = new Remembered<string>();
  await assert.rejects(remembered.get('a', 1, () => Promise.reject(new Error('down'))));
  assert.equal(await remembered.get('a', 1, async () => 'first'), 'first');
  assert.equal(await remembered.get('a', 1, async () => 'second'), 'first');
  assert.equal(await remembered.get('a', 2, async () => 'second'), 'second');
  assert.equal(await remembered.get('a', 1, async () => 'third'), 'third');
});

test('a name that somebody makes up takes no memory: neither that of nobody, nor a long one', async () => {
  let reads = 0;
  const read = async () => {
    reads++;
    return reads > 2 ? 'somebody' : null;
  };
  const remembered = new Remembered<string | null>((value) => value !== null);
  for (const key of ['a', 'a', 'x'.repeat(513), 'x'.repeat(513), 'b', 'b']) await remembered.get(key, 1, read);
  assert.equal(reads, 5);
});
