/** From a commit in the store to a decision in the gateway: real stores, real TLS, real disk copies. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { openHubSource } from '../../src/adapters/brokers/hub.ts';
import { openSqliteStore } from '../../src/adapters/stores/sqlite.ts';
import type { EntityChange } from '../../src/core/snapshot.ts';
import { Follower } from '../../src/gateway/control/follower.ts';
import { Freshness } from '../../src/gateway/freshness.ts';
import { ManualClock, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { newMemory } from '../support/disk-copy.ts';
import { key, revoked, serveAsHub, startHub, type TestHub } from '../support/hub.ts';

/** A gateway without its data plane: what it knows, and when that changes. */
class Gateway {
  readonly entities = new Map<string, EntityChange>();
  readonly dir = mkdtempSync(join(tmpdir(), 'postern-gateway-'));
  /** Called after each change. */
  onChange: (() => void) | null = null;
  /** When each id was applied first. */
  readonly appliedAt = new Map<string, number>();
  readonly #hub: Pick<TestHub, 'url' | 'certificates'>;
  #memory!: ReturnType<typeof newMemory>;
  follower: Follower;

  constructor(t: TestContext, hub: Pick<TestHub, 'url' | 'certificates'>) {
    this.#hub = hub;
    this.follower = this.#open();
    t.after(async () => {
      await this.follower.stop();
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  #open(): Follower {
    const { url, certificates } = this.#hub;
    this.#memory = newMemory(join(this.dir, 'gateway'), { compactAfter: 20_000, capacity: 10_000 });
    return new Follower({
      source: openHubSource({ url, ca: certificates.ca, ...certificates.gateway }),
      freshness: new Freshness(Freshness.allocate(), systemClock),
      disk: this.#memory.disk,
      sink: {
        apply: (changes) => {
          const now = performance.now();
          this.#memory.add(changes);
          for (const one of changes) {
            if (one.value === null) this.entities.delete(one.id);
            else this.entities.set(one.id, one);
            this.appliedAt.set(one.id, now);
          }
          this.onChange?.();
        },
        replace: (entities) => {
          for (const { kind, id } of this.entities.values()) if (kind !== 'revocation') this.entities.delete(id);
          for (const one of entities) this.entities.set(one.id, one);
          this.onChange?.();
        },
      },
      clock: systemClock,
      log: silentLog,
    });
  }

  /** A process that starts anew on the same folder. */
  async restart(): Promise<void> {
    await this.follower.stop();
    const before = [...this.entities.values()];
    this.entities.clear();
    this.follower = this.#open();
    await this.follower.start();
    // The set can't be listed, only asked.
    for (const one of before) {
      if (one.kind !== 'revocation' || this.#memory.revokedOf([one.value?.value ?? '']).length === 0) continue;
      this.entities.set(one.id, one);
    }
  }

  /** Resolves when so many entities are known. */
  holds(count: number): Promise<void> {
    return this.until(() => this.entities.size === count);
  }

  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      this.onChange = () => {
        if (condition()) resolve();
      };
    });
    this.onChange = null;
  }

  get ids(): string[] {
    return [...this.entities.keys()].sort();
  }
}

async function hubFor(t: TestContext): Promise<TestHub> {
  const hub = await startHub();
  t.after(() => hub.remove());
  return hub;
}

async function known(hub: TestHub): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of (await hub.store.changes.snapshot()).entities) ids.push(id);
  return ids.sort();
}

test('1,000 concurrent commits reach three gateways, one of which restarts, in the same state', async (t) => {
  const hub = await hubFor(t);
  const gateways = [new Gateway(t, hub), new Gateway(t, hub), new Gateway(t, hub)];
  for (const { follower } of gateways) await follower.start();
  await Promise.all(gateways.map(({ follower }) => follower.caughtUp));
  const commits = Array.from({ length: 1000 }, (_, n) => hub.commit(n % 10 === 0 ? key(`k${n}`) : revoked(`t${n}`)));
  await commits[300];
  await gateways[2]?.restart();
  await Promise.all(commits);
  await Promise.all(gateways.map((gateway) => gateway.holds(1000)));
  const expected = await known(hub);
  for (const gateway of gateways) {
    assert.deepEqual(gateway.ids, expected);
    await gateway.restart();
    assert.deepEqual(gateway.ids, expected);
  }
});

test('a snapshot has the same entities whether revocations are lines of their own or values', async (t) => {
  const hub = await hubFor(t);
  const revocations = Array.from({ length: 1234 }, (_, n) => revoked(`t${n}`));
  await hub.commit(key('a'), ...revocations);
  const { ca, gateway } = hub.certificates;
  const linesOf = async (path: string): Promise<string[]> => {
    const request = https.get(`${hub.url}/internal/data/v1/${path}`, { ca, ...gateway, agent: false });
    const [response] = await once(request, 'response');
    return (await text(response)).trimEnd().split('\n');
  };
  const old = await linesOf('snapshot');
  assert.equal(old.length, 1 + 1 + 1234 + 1, 'a header, a line for each, the end');
  const short = await linesOf('snapshot?revocations=values');
  assert.deepEqual([short[0], short[1], short.at(-1)], [old[0], old[1], old.at(-1)]);
  assert.equal(short.length, 1 + 1 + 3 + 1, 'five hundred in a line at most');
  const values = short.slice(2, -1).flatMap((line) => JSON.parse(line).values);
  assert.deepEqual(
    values,
    old.slice(2, -1).map((line) => JSON.parse(line).value),
  );
  const { entities } = await openHubSource({ url: hub.url, ca, ...gateway }).snapshot();
  const ids: string[] = [];
  for await (const some of entities) ids.push(...some.map(({ id }) => id));
  assert.deepEqual(ids.sort(), await known(hub));
});

test('a hub that restarts is followed on from where it was, without a snapshot', async (t) => {
  const hub = await hubFor(t);
  const gateway = new Gateway(t, hub);
  await gateway.follower.start();
  await hub.commit(revoked('before'));
  await gateway.holds(1);
  await hub.stop();
  const again = await startHub({ dir: hub.dir, port: hub.port });
  t.after(() => again.remove());
  await again.commit(revoked('while the gateway was not connected'));
  await gateway.holds(2);
  await again.commit(revoked('after'));
  await gateway.holds(3);
  assert.equal(gateway.follower.state.reloads, 1);
  assert.equal(gateway.follower.state.gaps, 0);
});

test('a store that was made anew is loaded whole; what was revoked stays so', async (t) => {
  const hub = await hubFor(t);
  const gateway = new Gateway(t, hub);
  await gateway.follower.start();
  await hub.commit(revoked('old'), key('old'));
  await gateway.holds(2);
  await hub.stop();
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(hub.dir, `postern.db${suffix}`), { force: true });
  const again = await startHub({ dir: hub.dir, port: hub.port });
  t.after(() => again.remove());
  await again.commit(key('new'), revoked('new'));
  await gateway.until(() => gateway.entities.has('new'));
  assert.deepEqual(gateway.ids, [...(await known(again)), revoked('old').id].sort());
  assert.equal(gateway.follower.state.reloads, 2);
});

test('a store whose file was put back by hand, and that has got past the gateway since, is loaded whole', async (t) => {
  const hub = await hubFor(t);
  const gateway = new Gateway(t, hub);
  await gateway.follower.start();
  await hub.commit(key('before'));
  await gateway.holds(1);
  await hub.stop();
  const file = join(hub.dir, 'postern.db');
  copyFileSync(file, `${file}.copy`);
  const next = await startHub({ dir: hub.dir, port: hub.port });
  await next.commit(key('forgotten'), revoked('forgotten'));
  await gateway.holds(3);
  await next.stop();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  copyFileSync(`${file}.copy`, file);
  const clock = new ManualClock(Date.now() + 60_000);
  const store = await openSqliteStore(file, clock);
  for (const name of ['one', 'two', 'three']) await store.transaction(async (tx) => tx.record(revoked(name)));
  await store.close();
  const again = await startHub({ dir: hub.dir, port: hub.port });
  t.after(() => again.remove());
  await gateway.until(() => !gateway.entities.has('forgotten'));
  assert.deepEqual(gateway.ids, [...(await known(again)), revoked('forgotten').id].sort());
});

test('a way that loses, repeats and reorders lines delivers everything in the end, in order', async (t) => {
  const hub = await hubFor(t);
  const { ca, gateway: identity } = hub.certificates;
  // Always the same faults, but none that comes back with a period.
  let seed = 1;
  const oneIn = (n: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % n === 0;
  };
  const lossy = await serveAsHub(hub.certificates, (request, response) => {
    const upstream = https.get(`${hub.url}${request.url}`, { ca, ...identity, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers).flushHeaders();
      if (!request.url?.includes('/events')) return void answer.pipe(response);
      let rest = '';
      let held = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const text of lines) {
          if (oneIn(7)) continue;
          if (oneIn(11)) response.write(`${text}\n`);
          if (oneIn(13)) {
            held = `${text}\n`;
            continue;
          }
          response.write(`${text}\n${held}`);
          held = '';
        }
      });
      answer.on('error', () => {}).on('close', () => response.destroy());
    });
    upstream.on('error', () => {});
    response.on('close', () => upstream.destroy());
  });
  t.after(() => lossy.close());
  const gateway = new Gateway(t, { url: lossy.url, certificates: hub.certificates });
  const numbers: string[] = [];
  await gateway.follower.start();
  await gateway.follower.caughtUp;
  for (let n = 0; n < 100; n++) {
    await hub.commit(revoked(`t${n}`));
    numbers.push(revoked(`t${n}`).id);
  }
  await gateway.holds(100);
  // All but those that a snapshot brought, should the same change be lost again and again.
  assert.deepEqual(
    [...gateway.appliedAt.keys()],
    numbers.filter((id) => gateway.appliedAt.has(id)),
  );
  assert.deepEqual(gateway.ids, numbers.toSorted());
  assert.ok(gateway.follower.state.gaps > 3, `${gateway.follower.state.gaps} gaps`);
});

test('a commit is applied within milliseconds', async (t) => {
  const hub = await hubFor(t);
  const gateway = new Gateway(t, hub);
  await gateway.follower.start();
  await gateway.follower.caughtUp;
  const delays: number[] = [];
  for (let n = 0; n < 220; n++) {
    const { id } = revoked(`t${n}`);
    const applied = gateway.holds(n + 1);
    await hub.commit(revoked(`t${n}`));
    const committed = performance.now();
    await applied;
    // The first ones run code that is not compiled yet.
    if (n >= 20) delays.push((gateway.appliedAt.get(id) as number) - committed);
  }
  delays.sort((a, b) => a - b);
  const at = (share: number) => (delays[Math.floor(delays.length * share)] as number).toFixed(2);
  t.diagnostic(
    `commit resolved to applied, ms: median ${at(0.5)}, p99 ${at(0.99)}, worst ${delays.at(-1)?.toFixed(2)}`,
  );
  // Far above what is usual, for machines that are busy with other things.
  assert.ok(Number(at(0.5)) < 50);
});
