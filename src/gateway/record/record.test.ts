import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fault, faults } from '../../core/faults.ts';
import { silentLog } from '../../platform/log.ts';
import { renderMetrics } from '../control/prometheus.ts';
import type { Exchange } from '../exchange.ts';
import { AccessLog } from './access-log.ts';
import { RequestMetrics } from './request-metrics.ts';

function exchange(more: Partial<Exchange> = {}): Exchange {
  return {
    now: Date.parse('2030-01-02T03:04:05.678Z'),
    started: 100,
    status: 200,
    fault: null,
    failure: null,
    backendStarted: 101,
    clientAddress: '127.0.0.1',
    principal: { consumerKey: 'key', subject: 'alice@carbon.super' },
    route: { api: { api: { id: '1', name: 'Sh"op', version: '1.0' } } },
    wire: { method: 'GET', target: '/shop/1.0/x?token=secret' },
    ...more,
  } as unknown as Exchange;
}

test('a line of the access log says what happened, without the query', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const file = join(folder, 'access.log');
  const log = new AccessLog(file, silentLog);
  log.write(exchange(), 110);
  log.write(
    exchange({ status: 401, fault: fault(faults.invalidCredentials), backendStarted: 0, principal: null }),
    100.5,
  );
  for (let i = 0; i < 2000; i++) log.write(exchange(), 110);
  await log.close();
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  assert.equal(lines.length, 2002);
  assert.deepEqual(JSON.parse(lines[0] as string), {
    time: '2030-01-02T03:04:05.678Z',
    client: '127.0.0.1',
    method: 'GET',
    path: '/shop/1.0/x',
    status: 200,
    ms: 10,
    backendMs: 9,
    api: 'Sh"op',
    version: '1.0',
    consumerKey: 'key',
    user: 'alice@carbon.super',
  });
  assert.equal(JSON.parse(lines[1] as string).fault, 900901);
  rmSync(folder, { recursive: true });
});

const full = '/dev/full';

test('that lines are lost is said once, and how many', { skip: !existsSync(full) && 'no such device' }, async () => {
  const said: unknown[] = [];
  const say = (fields: object, message: string): void => void said.push([message, fields]);
  const log = new AccessLog(full, { error: say, warn: say });
  for (let i = 0; i < 2000; i++) log.write(exchange(), 110);
  await log.close();
  assert.equal(log.dropped, 2000);
  const reason = 'ENOSPC: no space left on device, write';
  assert.deepEqual(said, [['the access log can not be written: lines are lost', { reason }]]);
});

test('a reader that stands still keeps nobody waiting for a thread of the pool, and gets every line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  // As many threads as there are in the pool, each with its log.
  const logs = Array.from({ length: 4 }, () => new AccessLog(pipe, silentLog));
  for (const log of logs) for (let i = 0; i < 2000; i++) log.write(exchange(), 110);
  for (let i = 0; i < 20; i++) await stat(folder);
  const closed = Promise.all(logs.map((log) => log.close())).then(() => true);
  let text = '';
  const bytes = Buffer.alloc(65_536);
  let isClosed = false;
  for (;;) {
    let read = 0;
    try {
      read = readSync(reader, bytes);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
    }
    text += bytes.toString('latin1', 0, read);
    if (read > 0) continue;
    if (isClosed) break;
    isClosed = await Promise.race([closed, new Promise<false>((resolve) => setTimeout(resolve, 5, false))]);
  }
  closeSync(reader);
  assert.deepEqual(
    logs.map(({ dropped }) => dropped),
    [0, 0, 0, 0],
  );
  assert.equal(text.split('\n').length, 8001);
  rmSync(folder, { recursive: true });
});

test('the counts of threads add up in the metrics', () => {
  const threads = [new RequestMetrics(10), new RequestMetrics(10)];
  threads[0]?.count(exchange(), 102);
  threads[1]?.count(exchange({ status: 401, fault: fault(faults.invalidCredentials) }), 400);
  threads[1]?.count(exchange({ route: null, status: 0, backendStarted: 0 }), 101);
  threads[1]?.refused(414);
  const text = renderMetrics(
    threads.flatMap((thread) => thread.collect()),
    [{ name: 'postern_x', help: 'X.', type: 'gauge', value: 7 }],
  );
  const api = 'api="Sh\\"op",version="1.0"';
  for (const line of [
    `postern_requests_total{${api},status="2xx"} 1`,
    `postern_requests_total{${api},status="4xx"} 1`,
    'postern_requests_total{api="",version="",status="0"} 1',
    `postern_faults_total{${api},code="900901"} 1`,
    'postern_faults_total{api="",version="",code="414"} 1',
    `postern_request_seconds_bucket{${api},le="0.0025"} 1`,
    `postern_request_seconds_bucket{${api},le="0.25"} 1`,
    `postern_request_seconds_bucket{${api},le="0.5"} 2`,
    `postern_request_seconds_bucket{${api},le="+Inf"} 2`,
    `postern_request_seconds_count{${api}} 2`,
    `postern_backend_seconds_count{${api}} 2`,
    'postern_x 7',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line}\n\n${text}`);
  }
});

test('APIs beyond the capacity are counted together, and none of the others is lost', () => {
  const metrics = new RequestMetrics(2);
  const call = (id: string) =>
    metrics.count(exchange({ route: { api: { api: { id, name: `api ${id}`, version: '1' } } } as never }), 102);
  for (const id of ['a', 'b', 'c', 'd', 'c', 'a']) call(id);
  const text = renderMetrics(metrics.collect(), []);
  const counted = [...text.matchAll(/^postern_requests_total\{api="(.*?)",.*\} (\d+)$/gm)].map((match) =>
    match.slice(1),
  );
  assert.deepEqual(counted, [
    ['api a', '2'],
    ['api b', '1'],
    ['(others)', '3'],
  ]);
  assert.match(text, /^postern_request_seconds_count\{api="\(others\)",version=""\} 3$/m);
});
