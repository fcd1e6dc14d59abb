import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { freePorts } from './free-ports.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
const sockets = new Set<Socket>();

/** What the server says to one who asks for much, before it closes the connection. */
const much = Buffer.alloc(4 * 1024 * 1024, 'x');

before(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => (String(bytes) === 'much' ? socket.end(much) : socket.write(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const [port = 0] = await freePorts(1);
  proxy = await startTcpProxy(port, (server.address() as AddressInfo).port);
});
beforeEach(() => proxy.set('pass'));
after(async () => {
  for (const socket of sockets) socket.destroy();
  await proxy.close();
  server.close();
});

async function connect(): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port: proxy.port });
  sockets.add(socket);
  await once(socket, 'connect');
  return socket;
}

/** What comes back, or how the connection ends. */
function echo(socket: Socket): Promise<string> {
  socket.write('hello');
  return new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes)));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

test('pass: bytes come back', async () => {
  assert.equal(await echo(await connect()), 'hello');
});

test('pass: an answer that ends with its connection comes whole to one who reads slowly', async () => {
  const served = once(server, 'connection');
  const slow = await connect();
  slow.pause();
  slow.write('much');
  const [accepted] = (await served) as [Socket];
  await once(accepted, 'finish');
  let bytes = 0;
  for await (const piece of slow) bytes += (piece as Buffer).length;
  assert.equal(bytes, much.length);
});

test('refuse: what is open is reset, nobody listens, and later it is as before', async () => {
  const open = await connect();
  await echo(open);
  const reset = once(open, 'error');
  await proxy.set('refuse');
  assert.equal((await reset)[0].code, 'ECONNRESET');
  await assert.rejects(connect(), { code: 'ECONNREFUSED' });
  await proxy.set('pass');
  assert.equal(await echo(await connect()), 'hello');
});

test('reset: connections are accepted and reset', async () => {
  await proxy.set('reset');
  // Sometimes so soon that the one who connects takes it for a refusal to.
  const said = await connect().then(echo, (error: NodeJS.ErrnoException) => error.code);
  assert.equal(said, 'ECONNRESET');
});

test('swallow: nothing comes through, also not later; new connections pass when it is over', async () => {
  const old = await connect();
  await echo(old);
  await proxy.set('swallow');
  const swallowed = await connect();
  const said: string[] = [];
  for (const socket of [old, swallowed]) socket.on('data', (bytes) => said.push(String(bytes)));
  for (const socket of [old, swallowed]) socket.write('anybody?');
  await proxy.set('pass');
  assert.equal(await echo(await connect()), 'hello');
  assert.deepEqual(said, []);
});

test('delay: every piece waits on both ways', async () => {
  await proxy.set('delay', 40);
  const socket = await connect();
  const began = performance.now();
  assert.equal(await echo(socket), 'hello');
  assert.ok(performance.now() - began >= 75);
});
