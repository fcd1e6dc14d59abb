import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type PostgresqlServer, startPostgresql } from '../../../test/support/postgresql.ts';
import { missing } from '../../../test/support/servers.ts';
import { type ExpelledGateways, openExpelledGateways } from './expelled-gateways.ts';
import { expelGateway } from './gateways.ts';
import { openPostgresqlStore } from './postgresql.ts';
import { openSqliteStore } from './sqlite.ts';

const skip = missing('postgresql');
let server: PostgresqlServer;
before(async () => {
  if (!skip) server = await startPostgresql();
});
after(() => server?.close());

const edge = { name: 'edge', fingerprint: 'AA:BB', issuedAt: 1_000_500 };
const more = (expelled: ExpelledGateways) => new Promise<void>((resolve) => expelled.onMore(resolve));

test('what was issued up to the expulsion is refused, its second included; what comes later is not', async (t) => {
  const store = await openSqliteStore(':memory:');
  t.after(() => store.close());
  const expelled = await openExpelledGateways(store);
  t.after(expelled.close);
  assert.equal(expelled.has(edge), false);
  await store.transaction(async (tx) => expelGateway(tx, { gateway: 'edge', issuedBefore: 1000 }));
  assert.equal(expelled.has(edge), true);
  assert.equal(expelled.has({ ...edge, issuedAt: 1_001_000 }), false);
  assert.equal(expelled.has({ ...edge, name: 'other' }), false);
  await store.transaction(async (tx) => expelGateway(tx, { gateway: 'AA:BB', issuedBefore: 0 }));
  assert.equal(expelled.has({ ...edge, name: 'other' }), true);
  const opened = await openExpelledGateways(store);
  assert.equal(opened.has(edge), true, 'also after another start');
  opened.close();
});

test('a node that was not told of an expulsion finds it a second later', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const store = await openSqliteStore(':memory:');
  t.after(() => store.close());
  const deaf = Object.create(store.changes, { onCommit: { value: () => () => {} } });
  const expelled = await openExpelledGateways({ ...store, changes: deaf });
  t.after(expelled.close);
  await store.transaction(async (tx) => expelGateway(tx, { gateway: 'edge', issuedBefore: 1000 }));
  assert.equal(expelled.has(edge), false);
  const found = more(expelled);
  t.mock.timers.tick(1000);
  await found;
  assert.equal(expelled.has(edge), true);
});

test('every node hears of it when it is committed, and gateways are sent nothing of it in a snapshot', {
  skip,
}, async (t) => {
  const url = await server.newDatabase();
  const nodes = await Promise.all([openPostgresqlStore(url), openPostgresqlStore(url)]);
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  const [here, there] = await Promise.all(nodes.map(openExpelledGateways));
  t.after(() => {
    for (const node of [here, there]) node?.close();
  });
  const heard = more(there as ExpelledGateways);
  await nodes[0].transaction(async (tx) => expelGateway(tx, { gateway: 'edge', issuedBefore: 1000 }));
  assert.equal(here?.has(edge), true);
  await heard;
  assert.equal(there?.has(edge), true);
  const { entities } = await nodes[1].changes.snapshot();
  for await (const entity of entities) assert.fail(entity.kind);
});
