import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { type MemoryOptions, newMemory, openMemory } from '../../../test/support/disk-copy.ts';
import { key, revoked } from '../../../test/support/hub.ts';
import type { ChangeEvent } from '../../core/events.ts';
import { never } from '../../core/revocation.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { ManualClock } from '../../platform/clock.ts';

/** When the change with this number was decided. */
const timeOf = (number: number): number => 1_000_000 + number;
const header = (number: number, epoch = 'e') => ({ format: 1, epoch, number, at: timeOf(number) }) as const;
const change = (number: number, entity: EntityChange): ChangeEvent => ({
  type: 'change',
  number,
  at: timeOf(number),
  ...entity,
});
const revocation = (number: number) => change(number, revoked(`t${number}`));

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'postern-disk-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'gateway');
}

const tokens = [...Array.from({ length: 300 }, (_, at) => `t${at}`), 'zz', 'short', 'long', 'ever'];

/** What a start would find. */
async function contentOf(dir: string, options?: MemoryOptions) {
  const { disk, content, revoked, revokedOf } = await openMemory(dir, options);
  await disk.close();
  const revocations = revokedOf(tokens);
  assert.equal(revocations.length, revoked.size, 'nothing else is revoked');
  const names = [...(content?.entities.map(({ id }) => id) ?? []), ...revocations].sort();
  return { header: content?.header, names, confirmed: content?.lastConfirmedHeadMs, content };
}

/** For the code of other processes. */
const imports = ['disk-copy', 'hub']
  .map((name) => new URL(`../../../test/support/${name}.ts`, import.meta.url).href)
  .map((href, at) => `import { ${at === 0 ? 'openMemory' : 'revoked'} } from ${JSON.stringify(href)};`)
  .join('\n');

const journals = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('journal'));

test('nothing, then what was put there: the snapshot and every change since', async (t) => {
  const dir = folder(t);
  const { disk, content, append, replace } = await openMemory(dir);
  assert.equal(content, null);
  await replace(header(3), [revoked('t3'), key('one'), key('two')]);
  append(revocation(4), change(5, { kind: 'key', id: 'one', value: null }));
  append(change(6, key('three')));
  disk.confirm(1_000_000, 6);
  // Not closed: that is how a killed process leaves it.
  const found = await contentOf(dir);
  assert.deepEqual(found.header, header(6));
  assert.deepEqual(found.content?.entities, [key('two'), key('three')]);
  assert.deepEqual([found.content.revocations, found.names], [2, ['t3', 't4', 'three', 'two']]);
  assert.equal(found.confirmed, 1_000_000);
  for (const name of readdirSync(dir)) assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  await disk.close();
});

test('a later start goes on in a journal of its own', async (t) => {
  const dir = folder(t);
  const first = await openMemory(dir);
  await first.replace(header(0), []);
  first.append(revocation(1));
  await first.disk.close();
  const second = await openMemory(dir);
  second.append(revocation(2));
  await second.disk.close();
  assert.equal(journals(dir).length, 2);
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.names], [header(2), ['t1', 't2']]);
});

test('journals are merged when they have grown, while changes go on, and removed', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir, { compactAfter: 2000 });
  await replace(header(0), [key('gone'), key('stays')]);
  append(change(1, { kind: 'key', id: 'gone', value: null }));
  disk.confirm(5_000_000, 1);
  for (let n = 2; n <= 200; n++) append(revocation(n));
  await disk.close();
  assert.ok(journals(dir).length <= 2, `${journals(dir)}`);
  assert.doesNotMatch(readFileSync(join(dir, 'snapshot.ndjson'), 'utf8'), /gone/);
  assert.ok(statSync(join(dir, 'revocations.bin')).size > 2400, 'more than a hundred are in it');
  const found = await contentOf(dir);
  assert.deepEqual(found.header, header(200));
  assert.equal(found.names?.length, 200);
  assert.equal(found.confirmed, 5_000_000);
});

test('a merge that stops anywhere loses nothing', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir, { compactAfter: 1_000_000 });
  await replace(header(0), []);
  for (let n = 1; n <= 20; n++) append(revocation(n));
  disk.confirm(9_000_000, 20);
  await disk.close();
  const all = Array.from({ length: 20 }, (_, at) => `t${at + 1}`).sort();
  const before = `${dir}-before`;
  cpSync(dir, before, { recursive: true });
  const merging = await openMemory(dir, { compactAfter: 1 });
  merging.append(revocation(21));
  await merging.disk.close();
  all.push('t21');
  all.sort();
  assert.deepEqual((await contentOf(dir)).names, all);
  // Stopped after the new snapshot was in place and before the old journal was removed.
  copyFileSync(join(before, 'journal-1.log'), join(dir, 'journal-1.log'));
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.names, found.confirmed], [header(21), all, 9_000_000]);
  // Stopped while the new snapshot was being written.
  cpSync(before, dir, { recursive: true });
  writeFileSync(join(dir, 'snapshot.ndjson.tmp'), '{"format":1');
  assert.deepEqual(
    (await contentOf(dir)).names,
    all.filter((name) => name !== 't21'),
  );
});

test('a torn last line is passed over; a line in the middle that was altered is noticed, and later revocations kept', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(0), [key('one')]);
  disk.confirm(7_000_000, 0);
  for (let n = 1; n <= 4; n++) append(revocation(n));
  append(change(5, key('two')));
  await disk.close();
  const file = join(dir, journals(dir)[0] as string);
  const whole = readFileSync(file, 'utf8');

  writeFileSync(file, whole.slice(0, -10));
  const torn = await contentOf(dir);
  assert.deepEqual([torn.header, torn.names, torn.confirmed], [header(4), ['one', 't1', 't2', 't3', 't4'], 7_000_000]);

  writeFileSync(file, whole.replace('"value":"t2"', '"value":"zz"'));
  const altered = await contentOf(dir);
  assert.deepEqual([altered.header, altered.names, altered.confirmed], [header(1), ['one', 't1', 't3', 't4'], 0]);
});

test('a number that is missing ends what can be gone on from, but not the revocations', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(0), []);
  append(revocation(1), revocation(3), change(4, key('four')));
  disk.confirm(9_000_000, 4);
  await disk.close();
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.names, found.confirmed], [header(1), ['t1', 't3'], 0]);
});

test('changes that were fetched again after a damage fill the gap', async (t) => {
  const dir = folder(t);
  const first = await openMemory(dir);
  await first.replace(header(0), []);
  for (let n = 1; n <= 4; n++) first.append(revocation(n));
  await first.disk.close();
  const file = join(dir, journals(dir)[0] as string);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"value":"t2"', '"value":"zz"'));
  const second = await openMemory(dir);
  assert.deepEqual(second.content?.header, header(1));
  for (let n = 2; n <= 5; n++) second.append(revocation(n));
  await second.disk.close();
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.names], [header(5), ['t1', 't2', 't3', 't4', 't5']]);
});

test('of a snapshot that is damaged only the revocations are used, and a new one is asked for', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(3), [key('one'), key('two'), revoked('t1'), revoked('t2')]);
  append(revocation(4), change(5, key('three')));
  await disk.close();
  const file = join(dir, 'snapshot.ndjson');
  const whole = readFileSync(file);
  const damages: readonly [string, Buffer, readonly string[]][] = [
    ['a line altered', Buffer.from(whole.toString().replace('"id":"one"', '"id":"xxx"')), ['t1', 't2', 't4']],
    ['a line lost', Buffer.from(whole.toString().split('\n').toSpliced(1, 1).join('\n')), ['t1', 't2', 't4']],
    ['the end lost', whole.subarray(0, whole.length - 30), ['t1', 't2', 't4']],
    ['no UTF-8', Buffer.concat([whole.subarray(0, 90), Buffer.from([0xff]), whole.subarray(91)]), ['t1', 't2', 't4']],
    ['another version', Buffer.from(whole.toString().replace('"format":2', '"format":3')), ['t1', 't2', 't4']],
    ['empty', Buffer.alloc(0), ['t1', 't2', 't4']],
  ];
  for (const [what, bytes, names] of damages) {
    writeFileSync(file, bytes);
    const found = await contentOf(dir);
    assert.deepEqual([found.header, found.names, found.confirmed], [null, names, 0], what);
  }
});

test('revocations that are damaged, missing or of another version: what can be read denies, and a snapshot is asked for', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(3), [key('one'), revoked('t1'), revoked('t2')]);
  append(revocation(4), change(5, key('three')));
  await disk.close();
  const file = join(dir, 'revocations.bin');
  const whole = readFileSync(file);
  const altered = (at: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes;
  };
  const damages: readonly [string, Buffer | null, readonly string[]][] = [
    ['missing', null, ['t4']],
    ['empty', Buffer.alloc(0), ['t4']],
    ['another format', altered(8), ['t4']],
    ['a bit of the key altered', altered(20), ['t4']],
    ['a bit of an entry altered', altered(80), ['t4']],
    ['the end lost', whole.subarray(0, -12), ['t1', 't2', 't4']],
  ];
  for (const [what, bytes, names] of damages) {
    if (bytes) writeFileSync(file, bytes);
    else rmSync(file);
    const found = await contentOf(dir);
    assert.deepEqual([found.header, found.names, found.confirmed], [null, names, 0], what);
  }
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(file, whole.subarray(0, length));
    assert.equal((await contentOf(dir)).header, null, `${length} bytes`);
  }
  writeFileSync(file, whole);
  assert.deepEqual((await contentOf(dir)).header, header(5));
});

test('a folder of an earlier version, with revocations in the snapshot, is read and brought up to date', async (t) => {
  const dir = folder(t);
  const seconds = 1_000_000;
  const clock = new ManualClock(seconds * 1000);
  const first = { ...header(3), confirmedAt: 7 };
  const entities = [key('one'), revoked('t1'), revoked('long', seconds - 3600), revoked('t2')];
  const lines = [first, ...entities].map((line) => `${JSON.stringify(line)}\n`).join('');
  mkdirSync(dir);
  writeFileSync(
    join(dir, 'snapshot.ndjson'),
    `${lines}${JSON.stringify({ type: 'end', count: 4, crc32: crc32(lines) })}\n`,
  );
  const before = await contentOf(dir, { clock });
  assert.deepEqual([before.header, before.names, before.confirmed], [header(3), ['one', 't1', 't2'], 7]);
  const { disk, append } = await openMemory(dir, { clock, compactAfter: 1 });
  append(revocation(4));
  await disk.close();
  assert.doesNotMatch(readFileSync(join(dir, 'snapshot.ndjson'), 'utf8'), /revocation/);
  const later = await contentOf(dir, { clock });
  assert.deepEqual([later.header, later.names, later.confirmed], [header(4), ['one', 't1', 't2', 't4'], 7]);
});

test('what memory has no room for stays on disk as it is, for a start with more room', async (t) => {
  const dir = folder(t);
  const first = await openMemory(dir, { capacity: 3, compactAfter: 1 });
  await first.replace(header(0), [revoked('t0')]);
  for (let n = 1; n <= 5; n++) first.append(revocation(n));
  await first.disk.close();
  const larger = await contentOf(dir);
  assert.deepEqual([larger.header, larger.names], [header(5), ['t0', 't1', 't2', 't3', 't4', 't5']]);
  // A snapshot does not take the place of what it can't hold, either.
  const second = await openMemory(dir, { capacity: 3 });
  await assert.rejects(second.replace(header(9), [revoked('t9')]), /no room/);
  await second.disk.close();
  assert.deepEqual((await contentOf(dir)).header, header(5));
});

test('a snapshot of another epoch replaces all; journals of before count no more', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(5), [key('one')]);
  append(change(6, key('two')));
  const old = readFileSync(join(dir, journals(dir)[0] as string));
  await replace(header(1, 'f'), [key('three')]);
  append(revocation(2));
  await disk.close();
  // A crash before the old journal was removed.
  writeFileSync(join(dir, 'journal-1.log'), old);
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.names], [header(2, 'f'), ['t2', 'three']]);
});

test('when a snapshot of another epoch can not be written, what was there and every revocation since is still there', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(5), [key('one'), revoked('t5')]);
  async function* broken() {}
  await assert.rejects(
    disk.replace(header(1, 'f'), {
      ...broken,
      [Symbol.iterator]: () => {
        throw new Error('full');
      },
    } as never),
    /full/,
  );
  append(revocation(2));
  await disk.close();
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.names], [header(5), ['one', 't2', 't5']]);
});

test('revocations leave an hour after the last token expired, those for ever never', async (t) => {
  const dir = folder(t);
  const clock = new ManualClock(1_000_000_000);
  const { disk, append, replace } = await openMemory(dir, { clock, compactAfter: 1 });
  const seconds = clock.now() / 1000;
  await replace(header(0), [revoked('short', seconds + 10), revoked('long', seconds + 5000), revoked('ever', never)]);
  clock.advance(10_000 + 3_600_000 - 1);
  assert.deepEqual((await contentOf(dir, { clock })).names, ['ever', 'long', 'short']);
  clock.advance(1);
  assert.deepEqual((await contentOf(dir, { clock })).names, ['ever', 'long']);
  append(revocation(1));
  await disk.close();
  clock.advance(-1);
  assert.deepEqual((await contentOf(dir, { clock })).names, ['ever', 'long', 't1'], 'it is not on the disk any more');
});

test('a deletion of a revocation counts for its number only', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(0), [revoked('t0')]);
  append(change(1, { ...revoked('t0'), value: null } as EntityChange), revocation(2));
  await disk.close();
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.names], [header(2), ['t0', 't2']]);
});

test('a process that is killed has lost nothing that it acknowledged', async (t) => {
  for (const killAfter of [1, 300, 1500]) {
    const dir = folder(t);
    const script = `${imports}
      import { writeSync } from 'node:fs';
      const { append, replace } = await openMemory(${JSON.stringify(dir)}, { compactAfter: 20_000, capacity: 100_000 });
      await replace({ format: 1, epoch: 'e', number: 0 }, []);
      for (let n = 1; ; n++) {
        append({ type: 'change', number: n, at: 1_000_000 + n, ...revoked('t' + n) });
        // A pipe that is full says so; the parent reads on.
        for (let told = false; !told; ) {
          try { told = writeSync(1, n + '\\n') > 0; } catch { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); }
        }
        // Merging goes on in between.
        if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = 0;
    const ended = once(child, 'close');
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      if (acknowledged === killAfter) child.kill('SIGKILL');
    }
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    const { content, revoked, revokedOf, disk } = await openMemory(dir, { capacity: 100_000 });
    await disk.close();
    const number = content?.header?.number ?? 0;
    assert.ok(number >= acknowledged && acknowledged >= killAfter, `held ${number}, acknowledged ${acknowledged}`);
    const all = Array.from({ length: number }, (_, at) => `t${at + 1}`);
    assert.deepEqual([revokedOf(all), revoked.size], [all, number]);
  }
});

test('a folder that can not be written is an error that names it', (t) => {
  const dir = folder(t);
  writeFileSync(dir, 'a file');
  assert.throws(
    () => newMemory(dir),
    (error: Error) => error.message.startsWith(`the gateway's disk copy in ${dir} can't be written: `),
  );
});

test('a disk that takes nothing for a while is told, and then gets all of it', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(0), []);
  renameSync(dir, `${dir}-away`);
  append(revocation(1));
  append(revocation(2));
  assert.match(String(disk.failure), /ENOENT/);
  renameSync(`${dir}-away`, dir);
  append(revocation(3));
  assert.equal(disk.failure, null);
  await disk.close();
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.names], [header(3), ['t1', 't2', 't3']]);
});

test('what a disk did not take is written a second after it takes it again, though nothing else comes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(0), []);
  renameSync(dir, `${dir}-away`);
  append(revocation(1));
  assert.match(String(disk.failure), /ENOENT/);
  t.mock.timers.tick(1000);
  assert.match(String(disk.failure), /ENOENT/);
  renameSync(`${dir}-away`, dir);
  t.mock.timers.tick(1000);
  assert.equal(disk.failure, null);
  assert.deepEqual((await contentOf(dir)).names, ['t1']);
  await disk.close();
});

test('half a line that a full disk took is taken back', async (t) => {
  const dir = folder(t);
  const script = `${imports}
    process.on('SIGXFSZ', () => {});
    const { disk, append, replace } = await openMemory(${JSON.stringify(dir)});
    await replace({ format: 1, epoch: 'e', number: 0 }, []);
    for (let n = 1; disk.failure === null; n++) {
      append({ type: 'change', number: n, at: 1_000_000 + n, ...revoked('t' + n) });
      console.log(n);
    }`;
  // A limit of 4 KiB on files stands for a disk with so much left.
  const child = spawn(
    'bash',
    ['-c', `ulimit -f 4; exec "$0" --input-type=module --eval "$1"`, process.execPath, script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) last = Number(line);
  const file = join(dir, journals(dir)[0] as string);
  assert.ok(readFileSync(file, 'utf8').endsWith('}\n'));
  const found = await contentOf(dir);
  assert.deepEqual(found.header, header(last - 1));
});

test('a copy that was written by a clock that was ahead is no copy to go on from, but for its revocations', async (t) => {
  const dir = folder(t);
  const seconds = 1_000_000;
  const hour = 3600;
  const clock = new ManualClock(seconds * 1000);
  const first = await openMemory(dir, { clock });
  await first.replace(header(1), [revoked('long', seconds + 9 * hour), revoked('short', seconds + hour), key('one')]);
  clock.advance(3 * hour * 1000);
  await first.replace(header(2), [key('one')]);
  await first.disk.close();
  clock.set((seconds + 60) * 1000);
  const found = await contentOf(dir, { clock });
  assert.deepEqual([found.header, found.names], [null, ['long']]);
  clock.set((seconds + 3 * hour) * 1000 - 30_000);
  assert.deepEqual((await contentOf(dir, { clock })).header, header(2), 'half a minute is nothing');
});

test('nor is one that was merged again by a right clock, since what was left out need not be back', async (t) => {
  const dir = folder(t);
  const seconds = 1_000_000;
  const clock = new ManualClock(seconds * 1000);
  const first = await openMemory(dir, { clock, compactAfter: 1 });
  await first.replace(header(1), [revoked('short', seconds + 3600), key('one')]);
  clock.advance(3 * 3_600_000);
  first.append(revocation(2));
  await first.disk.recall();
  clock.set((seconds + 60) * 1000);
  first.append(revocation(3));
  await first.disk.close();
  assert.equal((await contentOf(dir, { clock })).header, null);
});

test('older revocations beside a newer snapshot are noticed, newer ones beside an older are welcome', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  const [snapshot, revocations] = ['snapshot.ndjson', 'revocations.bin'].map((name) => join(dir, name)) as [
    string,
    string,
  ];
  await replace(header(1), [revoked('t1')]);
  const before = [readFileSync(snapshot), readFileSync(revocations)] as const;
  append(revocation(2));
  await replace(header(2), [revoked('t2')]);
  await disk.close();
  const after = [readFileSync(snapshot), readFileSync(revocations)] as const;
  writeFileSync(revocations, before[1]);
  const behind = await contentOf(dir);
  assert.deepEqual([behind.header, behind.names], [null, ['t1']]);
  writeFileSync(revocations, after[1]);
  writeFileSync(snapshot, before[0]);
  const ahead = await contentOf(dir);
  assert.deepEqual([ahead.header, ahead.names], [header(1), ['t1', 't2']]);
});

test('a confirmation of what never got to the disk is not believed', async (t) => {
  const dir = folder(t);
  const { disk, append, replace } = await openMemory(dir);
  await replace(header(0), []);
  append(revocation(1));
  disk.confirm(3_000_000, 1);
  disk.confirm(9_000_000, 5);
  await disk.close();
  const found = await contentOf(dir);
  assert.deepEqual([found.header, found.confirmed], [header(1), 3_000_000]);
});
