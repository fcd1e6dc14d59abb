/**
 * A microgateway on the laptop of somebody who tries Postern: `postern start`, the published sample pulled and built,
 * and `postern run` with the same data folder and no configuration. What is decided in the control plane holds there.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { type Microgateway, newWorkFolder, runCommand, startMicrogateway } from '../support/microgateway.ts';
import { type Postern, startPostern } from '../support/postern.ts';
import { logIn, type RestClient, restClient } from '../support/rest.ts';

const work = newWorkFolder();
let postern: Postern;
let microgateway: Microgateway;
let publisher: RestClient;

before(async () => {
  postern = await startPostern();
  const ca = join(postern.data, 'certificates', 'ca.pem');
  for (const line of [
    `pull pizza -a PizzaShackAPI -v 1.0.0 -u admin -p admin -s ${postern.server} -t ${ca}`,
    'build pizza',
  ]) {
    const { status, out, err } = await runCommand('postern', line.split(' '), work.path);
    assert.equal(status, 0, `${out}\n${err}`);
  }
  microgateway = await start();
  const scopes = ['apim:api_view', 'apim:subscription_view', 'apim:subscription_block', 'apim:api_publish'];
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, await logIn(postern.server, { scopes }));
});
after(async () => {
  await microgateway?.stop();
  await postern?.stop();
  closeConnections();
  work.remove();
});

function start(...flags: string[]): Promise<Microgateway> {
  const artifact = join(work.path, 'pizza', 'target', 'pizza.postern');
  // Where the control plane listens is written in the data folder: it has a port of its own.
  return startMicrogateway({
    args: [artifact, '--data', postern.data, ...flags],
    folder: work.path,
  });
}

async function newToken(): Promise<string> {
  const form = { grant_type: 'client_credentials' };
  const answer = await postForm(`${microgateway.token}/token`, form, basic(postern.key, postern.secret));
  return answer.json().access_token;
}

/** Of a client that is no application, and so subscribed to nothing. */
async function strangersToken(): Promise<string> {
  const registered = await call(`${postern.server}/client-registration/v0.17/register`, {
    method: 'POST',
    headers: { authorization: basic('admin', 'admin'), 'content-type': 'application/json' },
    body: JSON.stringify({ clientName: 'stranger', grantType: 'client_credentials' }),
  });
  const { clientId, clientSecret } = registered.json();
  const form = { grant_type: 'client_credentials' };
  return (await postForm(`${postern.server}/oauth2/token`, form, basic(clientId, clientSecret))).json().access_token;
}

const menu = (token: string) =>
  call(`${microgateway.https}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

/** Asks until the answer has this status; 5 s at most. */
async function until(token: string, status: number) {
  const end = performance.now() + 5000;
  for (;;) {
    const answer = await menu(token);
    if (answer.status === status || performance.now() > end) return answer;
  }
}

test('200 with a token from its own token listener, by no more trust than the data folder has', async () => {
  assert.match(
    microgateway.output(),
    /without a configuration file, revocations from https:.*, subscriptions too for APIs that were pulled/,
  );
  assert.equal((await menu(await newToken())).status, 200);
});

test('401/900901 once a token was revoked, by the token endpoints of the microgateway', async () => {
  const token = await newToken();
  assert.equal((await menu(token)).status, 200);
  const answer = await postForm(`${microgateway.https}/revoke`, { token }, basic(postern.key, postern.secret));
  assert.equal(answer.status, 200);
  assert.equal((await until(token, 401)).json().fault.code, 900901);
});

for (const flags of [[], ['--security.validateSubscriptions=true'], ['--security.validateSubscriptions=false']]) {
  const isChecked = !flags[0]?.endsWith('false');
  test(`a subscription and an API that are blocked in the publisher, and are not any more; ${flags[0] ?? 'nothing said'}`, async () => {
    await microgateway.stop();
    microgateway = await start(...flags);
    const token = await newToken();
    assert.equal((await menu(token)).status, 200);
    assert.equal((await menu(await strangersToken())).status, isChecked ? 403 : 200);
    const [api] = (await publisher.get('/apis?query=name:PizzaShackAPI')).json().list;
    const [subscription] = (await publisher.get(`/subscriptions?apiId=${api.id}`)).json().list;
    const state = (what: string) => `/subscriptions/${what}?subscriptionId=${subscription.subscriptionId}`;
    assert.equal((await publisher.post(`${state('block-subscription')}&blockState=BLOCKED`)).status, 200);
    assert.equal((await until(token, 403)).json().fault.code, 900907);
    assert.equal((await publisher.post(state('unblock-subscription'))).status, 200);
    assert.equal((await until(token, 200)).status, 200);
    const step = (action: string) => publisher.post(`/apis/change-lifecycle?apiId=${api.id}&action=${action}`);
    assert.equal((await step('Block')).status, 200);
    assert.equal((await until(token, 503)).json().fault.code, 700700);
    assert.equal((await step('Re-Publish')).status, 200);
    assert.equal((await until(token, 200)).status, 200);
  });
}

test('a second one of the same artifact and data folder is told who has it', async () => {
  await assert.rejects(start(), /microgateways\/pizza is in use by process \d+/);
});
