/** What waits for an administrator is effective nowhere until it is approved; self sign-up and passwords. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../../support/call.ts';
import { fillStore, resource } from '../../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

const data = newDataFolder();
const scopes = ['apim:subscribe', 'apim:app_manage', 'apim:sub_manage'];
const kinds = [
  'userSignUp',
  'applicationCreation',
  'applicationDeletion',
  'productionKeys',
  'subscriptionCreation',
  'subscriptionUpdate',
  'subscriptionDeletion',
];
let backend: Backend;
let postern: Postern;
let base: string;
let portal: RestClient;
let admin: RestClient;
let publisher: RestClient;
let apiId: string;

before(async () => {
  backend = await startBackend();
  await fillStore(data, async (fill) => {
    apiId = await fill.api('shop', {
      endpoints: { production: { url: backend.url }, sandbox: { url: backend.url } },
      resources: [resource('GET', '/x')],
    });
  });
  postern = await startPostern({
    data,
    args: [...kinds.map((kind) => `--workflows.${kind}=approval`), '--developerPortal.selfSignUp=true'],
  });
  base = `${postern.server}/api/am/store/v1`;
  portal = restClient(base, await logIn(postern.server, { scopes }));
  admin = restClient(
    `${postern.server}/api/am/admin/v1`,
    await logIn(postern.server, {
      scopes: [
        'apim:api_workflow_view',
        'apim:api_workflow_approve',
        'apim:admin',
        'apim:tier_view',
        'apim:tier_manage',
      ],
    }),
  );
  const publishing = ['apim:api_view', 'apim:api_create', 'apim:api_publish'];
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, await logIn(postern.server, { scopes: publishing }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
  await backend.close();
  rmSync(data, { recursive: true, force: true });
});

/** The reference of the one workflow of this type that waits. */
async function waiting(type: string): Promise<string> {
  const { list } = (await admin.get(`/workflows?workflowType=${type}`)).json();
  assert.equal(list.length, 1, type);
  return list[0].referenceId;
}

async function decide(type: string, status: 'APPROVED' | 'REJECTED'): Promise<Answer> {
  const reference = await waiting(type);
  const answer = await admin.post(`/workflows/update-workflow-status?workflowReferenceId=${reference}`, { status });
  assert.equal(answer.status, 200, answer.body);
  return answer;
}

async function newApplication(name: string): Promise<string> {
  const asked = await portal.post('/applications', { name, throttlingPolicy: 'Unlimited' });
  assert.deepEqual([asked.status, asked.json().workflowStatus], [202, 'CREATED'], asked.body);
  await decide('APPLICATION_CREATION', 'APPROVED');
  return JSON.parse(asked.json().jsonPayload).applicationId;
}

const keysBody = { keyType: 'PRODUCTION', grantTypesToBeSupported: ['client_credentials'] };

async function becomes(token: string, status: number): Promise<void> {
  const from = performance.now();
  for (;;) {
    const answer = await call(`${postern.http}/shop/1.0.0/x`, {
      headers: { authorization: `Bearer ${token}` },
      fresh: true,
    });
    if (answer.status === status) return;
    assert.ok(performance.now() - from < 5000, `expected ${status}, still ${answer.status} ${answer.body}`);
  }
}

test('202 for an application that waits: no keys and no subscriptions until it is approved', async () => {
  const asked = await portal.post('/applications', { name: 'first', throttlingPolicy: 'Unlimited' });
  assert.equal(asked.status, 202, asked.body);
  const id = JSON.parse(asked.json().jsonPayload).applicationId;
  assert.equal((await portal.get(`/applications/${id}`)).json().status, 'CREATED');
  assert.equal((await portal.post(`/applications/${id}/generate-keys`, keysBody)).status, 409);
  const subscription = { apiId, applicationId: id, throttlingPolicy: 'Unlimited' };
  assert.equal((await portal.post('/subscriptions', subscription)).status, 409);
  const reference = await waiting('APPLICATION_CREATION');
  const decided = await decide('APPLICATION_CREATION', 'APPROVED');
  assert.equal(decided.json().status, 'APPROVED');
  const again = await admin.post(`/workflows/update-workflow-status?workflowReferenceId=${reference}`, {
    status: 'REJECTED',
  });
  assert.equal(again.status, 409);
  assert.equal((await portal.get(`/applications/${id}`)).json().status, 'APPROVED');
});

test('a rejected application stays of no use, and can be deleted', async () => {
  const asked = await portal.post('/applications', { name: 'rejected', throttlingPolicy: 'Unlimited' });
  const id = JSON.parse(asked.json().jsonPayload).applicationId;
  await decide('APPLICATION_CREATION', 'REJECTED');
  assert.equal((await portal.get(`/applications/${id}`)).json().status, 'REJECTED');
  assert.equal((await portal.post(`/applications/${id}/generate-keys`, keysBody)).status, 409);
  assert.equal((await portal.delete(`/applications/${id}`)).status, 200);
});

test('keys, subscription, tier and their ends wait in turn; the gateway follows each approval', async () => {
  const id = await newApplication('walk');
  const asked = await portal.post(`/applications/${id}/generate-keys`, keysBody);
  assert.deepEqual([asked.status, asked.json().keyState, asked.json().consumerKey], [200, 'CREATED', undefined]);
  assert.equal((await portal.post(`/applications/${id}/generate-keys`, keysBody)).status, 409);
  await decide('APPLICATION_REGISTRATION_PRODUCTION', 'APPROVED');
  const { consumerKey, consumerSecret } = (await portal.get(`/applications/${id}/keys/PRODUCTION`)).json();
  const form = { grant_type: 'client_credentials' };
  const granted = await postForm(`${postern.http}/token`, form, basic(consumerKey, consumerSecret));
  const token = granted.json().access_token;

  const body = { apiId, applicationId: id, throttlingPolicy: 'Unlimited' };
  const subscribed = await portal.post('/subscriptions', body);
  assert.equal(subscribed.status, 202);
  const { subscriptionId } = JSON.parse(subscribed.json().jsonPayload);
  assert.equal((await portal.get(`/subscriptions/${subscriptionId}`)).json().status, 'ON_HOLD');
  await becomes(token, 403);
  await decide('SUBSCRIPTION_CREATION', 'APPROVED');
  await becomes(token, 200);

  assert.equal((await portal.delete(`/subscriptions/${subscriptionId}`)).status, 202);
  await becomes(token, 200);
  await decide('SUBSCRIPTION_DELETION', 'REJECTED');
  assert.equal((await portal.get(`/subscriptions/${subscriptionId}`)).json().status, 'UNBLOCKED');
  assert.equal((await portal.delete(`/subscriptions/${subscriptionId}`)).status, 202);
  await decide('SUBSCRIPTION_DELETION', 'APPROVED');
  await becomes(token, 403);

  assert.equal((await portal.delete(`/applications/${id}`)).status, 202);
  assert.equal((await portal.get(`/applications/${id}`)).status, 200);
  await decide('APPLICATION_DELETION', 'APPROVED');
  assert.equal((await portal.get(`/applications/${id}`)).status, 404);
  await becomes(token, 401);
});

test('a rejected subscription makes room for another request', async () => {
  const id = await newApplication('again');
  const body = { apiId, applicationId: id, throttlingPolicy: 'Unlimited' };
  assert.equal((await portal.post('/subscriptions', body)).status, 202);
  assert.equal((await portal.post('/subscriptions', body)).status, 409);
  await decide('SUBSCRIPTION_CREATION', 'REJECTED');
  assert.equal((await portal.get(`/subscriptions?applicationId=${id}`)).json().list[0].status, 'REJECTED');
  assert.equal((await portal.post('/subscriptions', body)).status, 202);
  await decide('SUBSCRIPTION_CREATION', 'APPROVED');
});

test('409 for approving a tier that the API has no more, or a policy of it that is to be deleted meanwhile', async () => {
  const id = await newApplication('tiers');
  const body = { apiId, applicationId: id, throttlingPolicy: 'Unlimited' };
  const asked = await portal.post('/subscriptions', body);
  const { subscriptionId } = JSON.parse(asked.json().jsonPayload);
  await decide('SUBSCRIPTION_CREATION', 'APPROVED');
  const limit = { type: 'REQUESTCOUNTLIMIT', requestCount: { timeUnit: 'hour', unitTime: 1, requestCount: 5 } };
  const made = await admin.post('/throttling/policies/subscription', { policyName: 'Brief', defaultLimit: limit });
  const policy = `/throttling/policies/subscription/${made.json().policyId}`;
  const setTiers = async (policies: string[]) => {
    const path = `/apis/${apiId}`;
    const answer = await publisher.put(path, { ...(await publisher.get(path)).json(), policies });
    assert.equal(answer.status, 200, answer.body);
  };
  await setTiers(['Unlimited', 'Brief']);
  const change = { ...body, subscriptionId, throttlingPolicy: 'Brief' };
  assert.equal((await portal.put(`/subscriptions/${subscriptionId}`, change)).status, 202);
  await setTiers(['Unlimited']);
  const kept = await admin.delete(policy);
  assert.deepEqual([kept.status, /waits for approval/.test(kept.json().description)], [409, true], kept.body);
  const path = `/workflows/update-workflow-status?workflowReferenceId=${await waiting('SUBSCRIPTION_UPDATE')}`;
  const refused = await admin.post(path, { status: 'APPROVED' });
  assert.deepEqual([refused.status, /Brief/.test(refused.json().description)], [409, true], refused.body);
  assert.equal((await portal.get(`/subscriptions/${subscriptionId}`)).json().throttlingPolicy, 'Unlimited');
  await decide('SUBSCRIPTION_UPDATE', 'REJECTED');
  assert.equal((await admin.delete(policy)).status, 200);
});

test('409 for another name while an administrator decides about the one that he sees', async () => {
  const asked = await portal.post('/applications', { name: 'harmless', throttlingPolicy: 'Unlimited' });
  const { applicationId } = JSON.parse(asked.json().jsonPayload);
  const rename = (description = '', name = 'official') =>
    portal.put(`/applications/${applicationId}`, { name, throttlingPolicy: 'Unlimited', description });
  assert.equal((await rename()).status, 409);
  assert.equal((await rename('What it is for', 'harmless')).status, 200);
  await decide('APPLICATION_CREATION', 'APPROVED');
  assert.equal((await rename()).status, 200);
});

const newUser = { password: 'a long password', firstName: 'New', lastName: 'User', email: 'new@example.org' };

test('who signs up logs in once approved; the name is taken from the beginning', async () => {
  const strangers = restClient(base);
  const asked = await strangers.post('/self-signup', { username: 'newbie', ...newUser });
  assert.equal(asked.status, 202, asked.body);
  assert.equal((await strangers.post('/self-signup', { username: 'newbie', ...newUser })).status, 409);
  assert.equal((await strangers.post('/self-signup', { username: 'x', ...newUser })).status, 400);
  const logInAsNewbie = () => logIn(postern.server, { user: 'newbie', password: newUser.password, scopes });
  await assert.rejects(logInAsNewbie);
  await decide('USER_SIGNUP', 'APPROVED');
  const client = restClient(base, await logInAsNewbie());
  assert.equal((await client.get('/applications')).json().count, 0);

  assert.equal((await strangers.post('/self-signup', { username: 'turned.away', ...newUser })).status, 202);
  await decide('USER_SIGNUP', 'REJECTED');
  assert.equal((await strangers.post('/self-signup', { username: 'turned.away', ...newUser })).status, 202);
});

test('409 for signing up under the name of somebody who is gone, but whose applications are there', async () => {
  await fillStore(data, async (fill) => void (await fill.application('left behind', { owner: 'ghost@carbon.super' })));
  assert.equal((await restClient(base).post('/self-signup', { username: 'ghost', ...newUser })).status, 409);
});

test('a new password: of several that are set at once with the old one, one is', async () => {
  await fillStore(data, (fill) => fill.user('otto', ['Internal/everyone', 'Internal/subscriber']));
  const otto = restClient(base, await logIn(postern.server, { user: 'otto', password: 'password of otto', scopes }));
  const wanted = ['new by one', 'new by another', 'new by a third'];
  const answers = await Promise.all(
    wanted.map((newPassword) => otto.post('/me/change-password', { currentPassword: 'password of otto', newPassword })),
  );
  const set = wanted.filter((_, index) => answers[index]?.status === 200);
  assert.equal(set.length, 1, answers.map(({ status, body }) => `${status} ${body}`).join('\n'));
  await logIn(postern.server, { user: 'otto', password: set[0] as string, scopes });
});

test('a new password: 400 for a wrong old one; all tokens of the user are refused at once', async () => {
  await fillStore(data, (fill) => fill.user('olga', ['Internal/everyone', 'Internal/subscriber']));
  const token = await logIn(postern.server, { user: 'olga', password: 'password of olga', scopes });
  const olga = restClient(base, token);
  const change = (currentPassword: string, newPassword: string) =>
    olga.post('/me/change-password', { currentPassword, newPassword });
  assert.equal((await change('wrong', 'something new')).status, 400);
  assert.equal((await change('password of olga', 'x')).status, 400);
  assert.equal((await change('password of olga', 'something new')).status, 200);
  assert.equal((await olga.get('/applications')).status, 401);
  await assert.rejects(() => logIn(postern.server, { user: 'olga', password: 'password of olga', scopes }));
  await logIn(postern.server, { user: 'olga', password: 'something new', scopes });
});
