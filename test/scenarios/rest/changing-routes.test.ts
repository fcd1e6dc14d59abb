/**
 * An API that changes all the time under requests: each answer is of the state before or after a change, never of neither.
 * For a minute instead of two seconds: `POSTERN_TEST_SECONDS=60 npm test -- changing-routes`.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Backend, startBackend } from '../../support/backend.ts';
import { basic, call, closeConnections, postForm } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

const seconds = Number(process.env.POSTERN_TEST_SECONDS ?? 2);
const perSecond = 500;
const names = ['even', 'odd'] as const;
const backends: Backend[] = [];
let postern: Postern;
let publisher: RestClient;
let store: RestClient;

before(async () => {
  for (const name of names) backends.push(await startBackend((_request, response) => response.end(name)));
  postern = await startPostern({ args: ['--gateway.threads=2'] });
  const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish', 'apim:subscribe', 'apim:app_manage'];
  const authorization = await logIn(postern.server, { scopes: [...scopes, 'apim:sub_manage'] });
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, authorization);
  store = restClient(`${postern.server}/api/am/store/v1`, authorization);
});
after(async () => {
  closeConnections();
  await postern?.stop();
  for (const backend of backends) await backend.close();
});

/** The API of state 0 or 1: one resource that both have, one of its own, and a back end of its own. */
const stateOf = (at: 0 | 1) => ({
  name: 'Changing',
  context: '/changing',
  version: '1.0.0',
  policies: ['Unlimited'],
  operations: ['/both', `/${names[at]}`].map((target) => ({ target, verb: 'GET' })),
  endpointConfig: { endpoint_type: 'http', production_endpoints: { url: backends[at]?.url } },
});

test(`${perSecond} requests a second for ${seconds} s`, { timeout: (seconds + 30) * 1000 }, async () => {
  const api = (await publisher.post('/apis', stateOf(0))).json();
  assert.equal((await publisher.post(`/apis/change-lifecycle?apiId=${api.id}&action=Publish`)).status, 200);
  const authorization = await subscribe(api.id);
  const ask = (path: string) => call(`${postern.http}/changing/1.0.0${path}`, { headers: { authorization } });
  while ((await ask('/both')).status !== 200) await setTimeout(5);

  const seen = new Map<string, number>();
  const wrong: string[] = [];
  const check = async (path: string): Promise<void> => {
    const { status, body } = await ask(path);
    const what = `${path} ${status === 200 ? body : status}`;
    seen.set(what, (seen.get(what) ?? 0) + 1);
    const right = path === '/both' ? ['even', 'odd'] : [path.slice(1), '404'];
    if (!right.some((one) => what === `${path} ${one}`)) wrong.push(`${what} ${body}`);
  };

  let changes = 0;
  let running = true;
  const changing = (async () => {
    while (running) {
      changes++;
      const now = (await publisher.get(`/apis/${api.id}`)).json();
      const answer = await publisher.put(`/apis/${api.id}`, { ...now, ...stateOf((changes % 2) as 0 | 1) });
      assert.equal(answer.status, 200, answer.body);
    }
  })();
  const asked: Promise<void>[] = [];
  const from = performance.now();
  for (let sent = 0; sent < seconds * perSecond; sent++) {
    asked.push(check(['/both', '/even', '/odd'][sent % 3] as string));
    const ahead = (sent * 1000) / perSecond - (performance.now() - from);
    if (ahead > 2) await setTimeout(ahead);
  }
  await Promise.all(asked);
  running = false;
  await changing;
  assert.deepEqual(wrong, []);
  // All of it has really happened.
  for (const what of ['/both even', '/both odd', '/even even', '/even 404', '/odd odd', '/odd 404']) {
    assert.ok((seen.get(what) ?? 0) > 0, `${what} was never seen in ${changes} changes`);
  }
});

/** An application's `Authorization` for the API. */
async function subscribe(apiId: string): Promise<string> {
  const application = (await store.post('/applications', { name: 'caller', throttlingPolicy: 'Unlimited' })).json();
  const request = { keyType: 'PRODUCTION', grantTypesToBeSupported: ['client_credentials'] };
  const keys = (await store.post(`/applications/${application.applicationId}/generate-keys`, request)).json();
  const { applicationId } = application;
  const subscribed = await store.post('/subscriptions', { applicationId, apiId, throttlingPolicy: 'Unlimited' });
  assert.equal(subscribed.status, 201, subscribed.body);
  const form = { grant_type: 'client_credentials' };
  const answer = await postForm(`${postern.https}/token`, form, basic(keys.consumerKey, keys.consumerSecret));
  return `Bearer ${answer.json().access_token}`;
}
