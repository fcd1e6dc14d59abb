import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opensWebSocket, webSocketAccept } from './websocket.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';

test('the answer to a key is that of the example (RFC 6455 1.3)', () => {
  assert.equal(webSocketAccept(key), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test('a handshake is a GET with one key of 16 bytes', () => {
  assert.equal(opensWebSocket('GET', key), true);
  assert.equal(opensWebSocket('GET', undefined), false);
  for (const other of ['', 'x', `${key}, ${key}`, `${key}=`, key.slice(1), key.replace('=', 'A')])
    assert.equal(opensWebSocket('GET', other), false, other);
  assert.equal(opensWebSocket('POST', key), false);
});
