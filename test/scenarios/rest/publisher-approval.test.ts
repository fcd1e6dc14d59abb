/** The publisher API where steps of the life cycle wait for an administrator. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeConnections } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

let postern: Postern;
let publisher: RestClient;
let admin: RestClient;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1', '--workflows.apiStateChange=approval'] });
  const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish', 'apim:api_workflow_approve'];
  const authorization = await logIn(postern.server, { scopes: [...scopes, 'apim:api_workflow_view'] });
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, authorization);
  admin = restClient(`${postern.server}/api/am/admin/v1`, authorization);
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

async function create(name: string): Promise<string> {
  const answer = await publisher.post('/apis', {
    name,
    context: `/${name}`,
    version: '1',
    policies: ['Gold'],
    endpointConfig: { endpoint_type: 'http', production_endpoints: { url: 'http://backend.example' } },
  });
  assert.equal(answer.status, 201, answer.body);
  return answer.json().id;
}

const publish = (id: string) => publisher.post(`/apis/change-lifecycle?apiId=${id}&action=Publish`);
const statusOf = async (id: string): Promise<string[]> => {
  const { lifeCycleStatus, workflowStatus } = (await publisher.get(`/apis/${id}`)).json();
  return [lifeCycleStatus, workflowStatus];
};
async function decide(id: string, status: 'APPROVED' | 'REJECTED') {
  const { list } = (await admin.get('/workflows?workflowType=API_STATE')).json();
  const waiting = list.find((one: { description: string }) => one.description.includes(id));
  assert.ok(waiting, JSON.stringify(list));
  const path = `/workflows/update-workflow-status?workflowReferenceId=${waiting.referenceId}`;
  return admin.post(path, { status });
}

test('202: a step waits, is taken when it is approved, and not when it is rejected', async () => {
  const id = await create('slow');
  const asked = await publish(id);
  assert.equal(asked.status, 202, asked.body);
  assert.equal(asked.json().workflowStatus, 'CREATED');
  assert.deepEqual(await statusOf(id), ['CREATED', 'CREATED']);
  assert.equal((await publish(id)).status, 409, 'it waits already');
  assert.equal((await decide('slow', 'REJECTED')).status, 200);
  assert.deepEqual(await statusOf(id), ['CREATED', 'APPROVED']);
  assert.equal((await publish(id)).status, 202);
  const approved = await decide('slow', 'APPROVED');
  assert.equal(approved.status, 200, approved.body);
  assert.deepEqual(await statusOf(id), ['PUBLISHED', 'APPROVED']);
});

test('a step that waits is withdrawn', async () => {
  const id = await create('undone');
  assert.equal((await publish(id)).status, 202);
  assert.equal((await publisher.delete(`/apis/${id}/lifecycle-state/pending-tasks`)).status, 200);
  assert.deepEqual(await statusOf(id), ['CREATED', 'APPROVED']);
  assert.equal((await publish(id)).status, 202);
});

test('409 for changing an API whose step waits; 200 once it is decided or withdrawn', async () => {
  const id = await create('still');
  assert.equal((await publish(id)).status, 202);
  const api = (await publisher.get(`/apis/${id}`)).json();
  const open = { ...api, securityScheme: ['basic_auth'] };
  const refused = await publisher.put(`/apis/${id}`, open);
  assert.equal(refused.status, 409, refused.body);
  assert.match(refused.json().description, /Publish: the API still 1.*withdraw/);
  assert.equal((await publisher.delete(`/apis/${id}/lifecycle-state/pending-tasks`)).status, 200);
  assert.equal((await publisher.put(`/apis/${id}`, open)).status, 200);
});
