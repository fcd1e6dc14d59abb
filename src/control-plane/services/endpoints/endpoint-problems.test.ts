import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointProblems, readEndpointConfig } from './endpoint-problems.ts';

const problems = (url: string) => endpointProblems(readEndpointConfig({ production_endpoints: { url } }));

test('an endpoint is an absolute http or https URL, in capitals too', () => {
  for (const url of ['http://a', 'https://a:8443/b', 'HTTP://a']) assert.deepEqual(problems(url), []);
  for (const url of ['localhost:8080', 'http:/a', 'http:a', 'http:///a', 'ftp://a', '/a'])
    assert.deepEqual(problems(url), [
      `endpointConfig: production_endpoints: "${url}" is no absolute http or https URL`,
    ]);
});

test('one for WebSockets is told how it is written here', () => {
  for (const url of ['ws://a/b', 'wss://a'])
    assert.match(problems(url).join(), /production_endpoints: "wss?:.*expected http for ws and https for wss/);
  assert.throws(() => readEndpointConfig({ endpoint_type: 'ws' }), { status: 501, message: /of the type http/ });
});
