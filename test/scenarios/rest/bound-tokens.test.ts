/** Access tokens that are bound to a key, at the REST APIs: whoever has stolen one without its key has nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, fetch } from 'undici';
import { dpopProof, newKey } from '../../conformance/signing-client.ts';
import { basic } from '../../support/call.ts';
import { type TestCertificate, testAuthority } from '../../support/client-certificate.ts';
import { type Postern, startPostern } from '../../support/postern.ts';

const authority = await testAuthority('Clients');
const [ann, bob] = [await authority.issue('ann'), await authority.issue('bob')];
const agents = new Map<TestCertificate | null, Agent>();
let postern: Postern;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
});
after(async () => {
  await Promise.all([...agents.values()].map((agent) => agent.close()));
  await postern?.stop();
});

interface Sent {
  readonly shown?: TestCertificate | null;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

async function send(path: string, { shown = null, headers, body }: Sent) {
  const dispatcher = agents.get(shown) ?? new Agent({ connect: { rejectUnauthorized: false, ...shown } });
  agents.set(shown, dispatcher);
  const method = body === undefined ? 'GET' : 'POST';
  const answer = await fetch(postern.server + path, { method, headers, dispatcher, ...(body && { body }) });
  const text = await answer.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it with assertions
  return { status: answer.status, text, json: JSON.parse(text) as any };
}

async function tokenFor(metadata: object, proved: Omit<Sent, 'body'>): Promise<string> {
  const registered = await send('/oauth2/register', {
    headers: { authorization: basic('admin', 'admin'), 'content-type': 'application/json' },
    body: JSON.stringify({ grant_types: ['password'], ...metadata }),
  });
  assert.equal(registered.status, 201, registered.text);
  const { client_id, client_secret } = registered.json;
  const form = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:api_view' };
  const { status, text, json } = await send('/oauth2/token', {
    ...proved,
    headers: {
      authorization: basic(client_id, client_secret),
      'content-type': 'application/x-www-form-urlencoded',
      ...proved.headers,
    },
    body: new URLSearchParams(form).toString(),
  });
  assert.equal(status, 200, text);
  return json.access_token;
}

const listApis = (token: string, shown: TestCertificate | null = null) =>
  send('/api/am/publisher/v1/apis', { shown, headers: { authorization: `Bearer ${token}` } });

test('401 for a token that is bound to the key of DPoP proofs', async () => {
  const dpop = await dpopProof(await newKey(), 'POST', `${postern.server}/oauth2/token`);
  const { status, json } = await listApis(await tokenFor({}, { headers: { dpop } }));
  assert.deepEqual([status, /DPoP/.test(json.description)], [401, true]);
});

test('401 for a token that is bound to a certificate without it, or with another one; 200 with it', async () => {
  const metadata = { tls_client_certificate_bound_access_tokens: true };
  const token = await tokenFor(metadata, { shown: ann, headers: {} });
  assert.deepEqual(
    [(await listApis(token)).status, (await listApis(token, bob)).status, (await listApis(token, ann)).status],
    [401, 401, 200],
  );
});
