import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpsOrigin, withoutSecrets } from './https-origin.ts';

test('an address of a server over TLS is its origin; one with anything more in it, or something else, is none', () => {
  assert.equal(httpsOrigin('https://Host:9443/'), 'https://host:9443');
  assert.equal(httpsOrigin('https://host:443'), 'https://host');
  const others = ['', 'true', 'host:9443', 'http://host', 'https://host/x', 'https://host/?a', 'https://host/#a'];
  for (const other of [...others, 'https://me@host', 'https://:secret@host']) assert.equal(httpsOrigin(other), null);
});

test('an address is shown as it was written, but for user, password and query', () => {
  const cases = [
    ['http://localhost:9443/x', 'http://localhost:9443/x'],
    ['localhost:9443', 'localhost:9443'],
    ['https://me:secret@host/x', 'https://…@host/x'],
    ['https://me:sec/ret@x@host', 'https://…@host'],
    ['me:secret@host', '…@host'],
    ['https://host/x?token=secret', 'https://host/x…'],
  ] as const;
  for (const [given, shown] of cases) assert.equal(withoutSecrets(given), shown);
});
