/** Callers without a subscription: the policy `Default` limits each of them at each API, if there is one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { basic, call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testIssuer } from '../support/gateway.ts';
import { newSigner } from '../support/signer.ts';

const signer = newSigner();
const password = createHash('sha1').update('secret').digest('hex');
const limit = { count: 2, windowMs: 60_000 };
let backend: Backend;
let gateway: TestGateway;

before(async () => {
  backend = await startBackend();
  const security = { schemes: ['oauth2', 'basic_auth'] } as const;
  gateway = await startTestGateway({
    fixed: {
      entities: [
        {
          kind: 'policy',
          id: 'subscription|Default',
          value: { level: 'subscription', name: 'Default', limit, stopOnQuota: true },
        },
        testIssuer({ issuer: 'https://issuer', keys: [signer.jwk], subscriptions: 'none' }),
        testApi('one', backend.url, { security }),
        testApi('two', backend.url, { security }),
      ],
      basicUsers: ['ann', 'bob'].map((name) => ({ name, password, scopes: [] })),
    },
  });
  await gateway.gateway.serving;
});
after(async () => {
  closeConnections();
  await gateway.stop();
  await backend.close();
});

/** Codes of three requests in a row; 200 has none. */
async function three(api: string, authorization: string): Promise<number[]> {
  const codes: number[] = [];
  for (let i = 0; i < 3; i++) {
    const answer = await call(`${gateway.http}/${api}/1.0.0/a`, { headers: { authorization } });
    codes.push(answer.status === 200 ? 200 : answer.json().fault.code);
  }
  return codes;
}

const asMuchAsAllowed = [200, 200, 900804];

test('429/900804 for each user by himself, and at each API', async () => {
  for (const user of ['ann', 'bob']) {
    for (const api of ['one', 'two']) assert.deepEqual(await three(api, basic(user, 'secret')), asMuchAsAllowed);
  }
});

test('429/900804 for each client whose issuer’s tokens need no subscription, with whatever token', async () => {
  for (const azp of ['x', 'y']) {
    const codes: number[] = [];
    for (let i = 0; i < 3; i++) {
      const authorization = `Bearer ${signer.sign({ iss: 'https://issuer', azp, sub: `user ${i}` })}`;
      codes.push(...(await three('one', authorization)).slice(0, 1));
    }
    // Two of the first token’s three were taken before the second came.
    assert.deepEqual(codes, [200, 900804, 900804], azp);
  }
});
