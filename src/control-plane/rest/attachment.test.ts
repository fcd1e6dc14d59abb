import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attachment } from './attachment.ts';

test('an ASCII name stands as it is', () => {
  assert.equal(attachment('Pizza Shack-1.0.zip'), 'attachment; filename="Pizza Shack-1.0.zip"');
});

test('any other is encoded, beside a name that old clients read', () => {
  assert.equal(attachment('日本.zip'), `attachment; filename="__.zip"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.zip`);
  assert.equal(attachment(`a"'*\r\n.crt`), `attachment; filename="a_____.crt"; filename*=UTF-8''a%22%27%2A%0D%0A.crt`);
});

test('half a surrogate pair does no harm', () => {
  assert.equal(attachment('a\ud800'), `attachment; filename="a_"; filename*=UTF-8''a%EF%BF%BD`);
});
