/** Where requests go: endpoints of resources and APIs, in turn or to the next when one can't be reached. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Resource } from '../../src/core/api.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, type CallOptions, call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testResource } from '../support/gateway.ts';

const open = (path: string, more: Partial<Resource> = {}): Resource =>
  testResource({ path, authType: 'None', ...more });
const resources = [open('/*'), open('/*', { verb: 'POST' })];
let one: Backend;
let two: Backend;
let dead: string;
let broken: Backend;
let gateway: TestGateway;

before(async () => {
  [one, two] = await Promise.all([startBackend(), startBackend()]);
  broken = await startBackend((request) => request.socket.destroy());
  const closed = await startBackend();
  await closed.close();
  dead = closed.url;
  gateway = await startTestGateway({
    fixed: {
      entities: [
        testApi('turns', '', {
          resources,
          endpoints: { production: { url: `${one.url}/a`, others: [`${two.url}/b`], type: 'load_balance' } },
        }),
        testApi('half', '', { resources, endpoints: { production: { url: dead, others: [two.url] } } }),
        testApi('failover', '', {
          resources,
          endpoints: { production: { url: dead, others: [`${one.url}/1`, `${two.url}/2`], type: 'failover' } },
        }),
        testApi('first', '', {
          resources,
          endpoints: { production: { url: one.url, others: [two.url], type: 'failover' } },
        }),
        testApi('lost', '', { resources, endpoints: { production: { url: dead, others: [dead], type: 'failover' } } }),
        testApi('broken', '', {
          resources,
          endpoints: { production: { url: broken.url, others: [two.url], type: 'failover' } },
        }),
        testApi('basic', '', {
          resources,
          endpoints: { production: { url: one.url, basic: { username: 'gate', password: 'way:é' } } },
        }),
        testApi('query', '', { resources, endpoints: { production: { url: `${one.url}/base/?key=1&x=2` } } }),
        testApi('resource', '', {
          resources: [
            open('/*'),
            open('/two', { endpoints: { production: { url: `${two.url}/two` } } }),
            open('/none', { endpoints: { sandbox: { url: two.url } } }),
          ],
          endpoints: { production: { url: `${one.url}/one` } },
        }),
        testApi('nothing', '', { resources, endpoints: {} }),
      ],
    },
  });
  await gateway.gateway.serving;
});
after(async () => {
  closeConnections();
  await gateway.stop();
  await Promise.all([one.close(), two.close(), broken.close()]);
});

const ask = (path: string, options: CallOptions = {}): Promise<Answer> => call(gateway.http + path, options);
const url = async (path: string, options: CallOptions = {}): Promise<string> => {
  const answer = await ask(path, options);
  assert.equal(answer.status, 200, answer.body);
  return answer.json().url;
};

test('several addresses have requests in turn', async () => {
  const urls: string[] = [];
  for (let i = 0; i < 6; i++) urls.push(await url('/turns/1.0.0/x?q=1'));
  assert.deepEqual(urls, ['/a/x?q=1', '/b/x?q=1', '/a/x?q=1', '/b/x?q=1', '/a/x?q=1', '/b/x?q=1']);
});

test('200 for every request, with and without body, while one of the addresses can not be reached', async () => {
  for (let i = 0; i < 6; i++) assert.equal(await url('/half/1.0.0/x'), '/x');
  for (let i = 0; i < 3; i++) {
    const answer = await ask('/failover/1.0.0/x', { method: 'POST', body: 'x'.repeat(100_000), fresh: true });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.json().body.length, 100_000);
  }
});

test('failover goes to the first that can be reached, and to the first of all as long as that can', async () => {
  for (let i = 0; i < 3; i++) assert.equal(await url('/failover/1.0.0/x'), '/1/x');
  const before = two.requests;
  for (let i = 0; i < 3; i++) assert.equal(await url('/first/1.0.0/x'), '/x');
  assert.equal(two.requests, before);
});

test('503/101503 when no address can be reached', async () => {
  for (let i = 0; i < 2; i++) {
    const answer = await ask('/lost/1.0.0/x');
    assert.equal(answer.status, 503);
    assert.equal(answer.json().fault.code, 101503);
  }
});

test('502/101505 when an address has had the request: no other gets it, it may have been done', async () => {
  const before = two.requests;
  const answer = await ask('/broken/1.0.0/x', { method: 'POST', body: 'order' });
  assert.equal(answer.status, 502);
  assert.equal(answer.json().fault.code, 101505);
  assert.equal(two.requests, before);
});

test('the back end gets the credentials that its endpoint has', async () => {
  const answer = await ask('/basic/1.0.0/x', { headers: { authorization: 'Bearer client' } });
  assert.equal(answer.json().headers.authorization, `Basic ${Buffer.from('gate:way:é').toString('base64')}`);
});

test('the query of an address goes before the request’s own', async () => {
  assert.equal(await url('/query/1.0.0/x?y=3'), '/base/x?key=1&x=2&y=3');
  assert.equal(await url('/query/1.0.0/x'), '/base/x?key=1&x=2');
  assert.equal(await url('/query/1.0.0/x?'), '/base/x?key=1&x=2');
  assert.equal(await url('/query/1.0.0'), '/base?key=1&x=2');
});

test('the endpoints of a resource go before those of its API, each type of key by itself', async () => {
  assert.equal(await url('/resource/1.0.0/x'), '/one/x');
  assert.equal(await url('/resource/1.0.0/two'), '/two/two');
  assert.equal(await url('/resource/1.0.0/none'), '/one/none');
});

test('403/900901 where there is no endpoint', async () => {
  const answer = await ask('/nothing/1.0.0/x');
  assert.equal(answer.status, 403);
  assert.equal(answer.json().fault.code, 900901);
});
