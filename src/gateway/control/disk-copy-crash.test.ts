/** The disk copy of a process that ends at any of its file operations, or in the middle of a write. */
import assert from 'node:assert/strict';
import fs, { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { openMemory } from '../../../test/support/disk-copy.ts';
import { key, revoked } from '../../../test/support/hub.ts';
import type { ChangeEvent } from '../../core/events.ts';
import type { EntityChange } from '../../core/snapshot.ts';

/** What has to be there if the process ends now. */
interface Promised {
  readonly revoked: readonly string[];
  readonly epoch: string | null;
  readonly number: number;
  /** Names of keys. */
  readonly keys: readonly string[];
}

const base = mkdtempSync(join(tmpdir(), 'postern-crash-'));
const dir = join(base, 'gateway');
const frozen: { readonly at: string; readonly what: string; readonly promised: Promised }[] = [];
let done = false;
let promised: Promised = { revoked: [], epoch: null, number: 0, keys: [] };

/** Copies the folder as a process that ends here would leave it. */
function freeze(what: string): void {
  if (done) return;
  const at = join(base, `frozen-${frozen.length}`);
  cpSync(dir, at, { recursive: true });
  frozen.push({ at, what, promised });
}

type Functions = Record<string, (...args: never[]) => unknown>;

function freezeBefore(module: Functions, name: string): void {
  const original = module[name] as (...args: unknown[]) => unknown;
  module[name] = function (this: unknown, ...args: unknown[]) {
    freeze(`${name} ${args[0]}`);
    return original.apply(this, args);
  };
}

before(async () => {
  // What an earlier version left: revocations in the snapshot.
  writeEarlierForm([key('stays'), key('gone'), revoked('t0')]);
  for (const name of ['openSync', 'closeSync']) freezeBefore(fs as unknown as Functions, name);
  for (const name of ['open', 'rename', 'rm']) freezeBefore(fsp as unknown as Functions, name);
  const { writeSync } = fs;
  fs.writeSync = ((handle: number, bytes: Buffer, from: number) => {
    if (from > 0) return writeSync(handle, bytes, from);
    freeze('before a line of a journal');
    const half = writeSync(handle, bytes, 0, Math.ceil(bytes.length / 2));
    freeze('in the middle of a line of a journal');
    return half;
  }) as typeof writeSync;
  const handle = await fsp.open(base, 'r');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { writeFile } = prototype;
  prototype.writeFile = async function (data: string | Buffer) {
    const bytes = Buffer.from(data as string);
    const half = Math.ceil(bytes.length / 2);
    freeze('before a piece');
    await writeFile.call(this, bytes.subarray(0, half));
    freeze('in the middle of a piece');
    await writeFile.call(this, bytes.subarray(half));
  };
  syncBuiltinESMExports();
});
after(() => rmSync(base, { recursive: true, force: true }));

test('whenever the process ends, everything that was acknowledged is there, and can be gone on from', async () => {
  const copy = await openMemory(dir, { compactAfter: 2400 });
  promised = { revoked: ['t0'], epoch: 'e', number: 0, keys: ['gone', 'stays'] };
  const append = (change: ChangeEvent): void => {
    copy.append(change);
    const { revoked, keys } = promised;
    promised = {
      ...promised,
      number: change.number,
      revoked: change.kind === 'revocation' ? [...revoked, `t${change.number}`] : revoked,
      keys: change.kind === 'key' ? keys.filter((name) => name !== change.id) : keys,
    };
  };
  const revoke = async (from: number, to: number): Promise<void> => {
    for (let number = from; number <= to; number++) {
      append({ type: 'change', number, ...revoked(`t${number}`) });
      if (number % 4 === 0) await setImmediate();
    }
  };
  await revoke(1, 15);
  append({ type: 'change', number: 16, kind: 'key', id: 'gone', value: null });
  await revoke(17, 38);
  // So that all has been merged, and something is only in a journal, when the store becomes another one.
  await copy.disk.recall();
  await revoke(39, 39);
  await copy.disk.recall();
  await revoke(40, 41);
  // The store is another one: what it does not know stays revoked.
  const before = promised;
  promised = { ...before, epoch: null, keys: [] };
  await copy.replace({ format: 1, epoch: 'f', number: 45 }, [key('new'), revoked('t45')]);
  promised = { revoked: [...before.revoked, 't45'], epoch: 'f', number: 45, keys: ['new'] };
  await revoke(46, 60);
  await copy.disk.close();
  freeze('the end');
  done = true;

  const kinds = new Set(frozen.map(({ what }) => what.split(' ')[0]));
  assert.deepEqual([...kinds].sort(), ['before', 'closeSync', 'in', 'open', 'openSync', 'rename', 'rm', 'the']);
  assert.ok(frozen.filter(({ what }) => /^rename .*revocations\.bin/.test(what)).length >= 3, 'merged more than once');
  for (const [at, moment] of frozen.entries()) {
    const { content, revokedOf, disk } = await openMemory(moment.at);
    await disk.close();
    const where = `${at}: ${moment.what}`;
    const { epoch, number, revoked, keys } = moment.promised;
    assert.deepEqual(revokedOf(revoked), revoked, where);
    assert.ok(content?.header, where);
    // While one epoch takes the place of the other either is right.
    if (epoch === null) continue;
    assert.equal(content.header.epoch, epoch, where);
    assert.ok(content.header.number >= number, where);
    const names = content.entities.map(({ id }) => id).sort();
    if (content.header.number === number) assert.deepEqual(names, keys, where);
  }
});

function writeEarlierForm(entities: readonly EntityChange[]): void {
  const lines = [{ format: 1, epoch: 'e', number: 0, confirmedAt: 0 }, ...entities];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const end = { type: 'end', count: entities.length, crc32: crc32(text) };
  mkdirSync(dir);
  writeFileSync(join(dir, 'snapshot.ndjson'), `${text}${JSON.stringify(end)}\n`);
}
