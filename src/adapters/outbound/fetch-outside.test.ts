import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { fetchOutside, PrivateAddressError, publicLookup } from './fetch-outside.ts';

let asked = 0;
const server = createServer((request, response) => {
  asked++;
  if (request.url === '/away') response.writeHead(302, { location: '/here' }).end();
  else response.end('here');
});
let port: number;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
after(() => new Promise((resolve) => server.close(resolve)));

for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '[::1]', '0'])
  test(`${host} is refused before anything is sent`, async () => {
    const before = asked;
    await assert.rejects(fetchOutside(new URL(`http://${host}:${port}/`), {}, 'deny'), PrivateAddressError);
    assert.equal(asked, before);
  });

test('where it is allowed, it is asked; a redirect is not followed', async () => {
  const ask = async (path: string) => fetchOutside(new URL(`http://127.0.0.1:${port}${path}`), {}, 'allow');
  assert.equal(await (await ask('/')).text(), 'here');
  assert.equal((await ask('/away')).status, 302);
});

const look = (addresses: string[], all: boolean) =>
  new Promise((resolve, reject) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const lookup = publicLookup((_host, _options, done) => done(null, found));
    lookup('api.example', { all }, (error, address) => (error ? reject(error) : resolve(address)));
  });

test('the connection is made to the addresses that were looked at', async () => {
  assert.equal(await look(['8.8.8.8'], false), '8.8.8.8');
  assert.deepEqual(await look(['8.8.8.8', '2606:4700::1'], true), [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1', family: 6 },
  ]);
});

test('a name of which one address is private is refused', async () => {
  for (const all of [true, false]) {
    await assert.rejects(look(['8.8.8.8', '10.0.0.1'], all), PrivateAddressError);
    await assert.rejects(look(['::ffff:169.254.169.254'], all), PrivateAddressError);
  }
});
