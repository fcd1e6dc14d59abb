/** What a source sends that is forged, old or broken changes nothing at a gateway, and is counted. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHubSource } from '../../src/adapters/brokers/hub.ts';
import type { EntityChange } from '../../src/core/snapshot.ts';
import { Follower } from '../../src/gateway/control/follower.ts';
import { Freshness } from '../../src/gateway/freshness.ts';
import { openCertificates } from '../../src/platform/certificates.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { newMemory } from '../support/disk-copy.ts';
import { key, serveAsHub } from '../support/hub.ts';

const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
const head = (number: number) => line({ type: 'head', epoch: 'e', number });
const change = (number: number, entity: EntityChange) => line({ type: 'change', number, ...entity });
const gone = (id: string): EntityChange => ({ kind: 'key', id, value: null });

test('forged, repeated and broken lines change nothing and are counted; what is good goes on', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'postern-hostile-'));
  const certificates = await openCertificates(join(dir, 'certificates'));
  const first = key('a');
  const connections = [
    // A change that is none, and one with a number that was given already.
    [head(2), change(1, gone('a')), change(2, gone('a')), line({ type: 'change', number: 3, kind: 'key', id: 7 })],
    [head(2), Buffer.from('{"type":"change","number":3,\n'), change(3, gone('a'))],
    [head(2), Buffer.from([0xff, 0xfe, 0x0a])],
    [head(2), line(['change', 3]), change(3, gone('a'))],
  ];
  const last = Promise.withResolvers<void>();
  const server = await serveAsHub(certificates, (request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    if (request.url?.includes('/snapshot')) {
      const header = { format: 1, epoch: 'e', number: 2 };
      return response.end(Buffer.concat([line(header), line(first), line({ type: 'end', count: 1 })]));
    }
    const next = connections.shift();
    if (next) return response.write(Buffer.concat(next));
    response.write(Buffer.concat([head(3), change(3, key('b'))]));
    last.resolve();
    return response;
  });
  const memory = newMemory(join(dir, 'gateway'), { clock: systemClock });
  const held = new Map<string, EntityChange>();
  const apply = (changes: readonly EntityChange[]): void => {
    for (const one of changes)
      if (one.value === null) held.delete(one.id);
      else held.set(one.id, one);
  };
  const follower = new Follower({
    source: openHubSource({ url: server.url, ca: certificates.ca, ...certificates.gateway, maxRetry: 5 }),
    disk: memory.disk,
    sink: { apply, replace: apply },
    freshness: new Freshness(Freshness.allocate(), systemClock),
    clock: systemClock,
    log: silentLog,
    reloadJitter: 0,
  });
  t.after(async () => {
    await follower.stop();
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  await follower.start();
  await last.promise;
  while (follower.state.position !== 'e:3') await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([...held.keys()], ['a', 'b']);
  const { malformed, repeated, gaps, refused, reloads } = follower.state;
  assert.deepEqual(
    { malformed, repeated, gaps, refused, reloads },
    { malformed: 4, repeated: 2, gaps: 0, refused: 0, reloads: 1 },
  );
});
