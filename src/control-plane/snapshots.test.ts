import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ChangeLog } from '../adapters/stores/store.ts';
import type { LineStream } from './line-stream.ts';
import { Snapshots } from './snapshots.ts';

test('four at once, two of them to one certificate; 503 beyond', async () => {
  const never = new Promise<never>(() => {});
  const changes = { snapshot: () => never } as unknown as ChangeLog;
  const snapshots = new Snapshots(changes);
  const send = async (to: string): Promise<number> => {
    let opened = 200;
    const open = () => new PassThrough() as unknown as LineStream;
    void snapshots.send(open, to, false).catch(({ status }) => {
      opened = status;
    });
    await new Promise(setImmediate);
    return opened;
  };
  assert.deepEqual(
    [await send('a'), await send('a'), await send('a'), await send('b'), await send('c'), await send('d')],
    [200, 200, 503, 200, 200, 503],
  );
});
