/** What strangers without a token can do must not keep others out. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { call, closeConnections } from '../support/call.ts';
import { type Postern, startPostern } from '../support/postern.ts';

let postern: Postern;
before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=2'] });
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

test('thousands of pipelined requests to the key manager: others are answered, no thread is lost', async (t) => {
  const port = Number(new URL(postern.http).port);
  const request = 'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n';
  const flood = Array.from({ length: 4 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(request.repeat(3000));
    return socket;
  });
  const times: number[] = [];
  for (let i = 0; i < 40; i++) {
    const from = performance.now();
    const answer = await call(`${postern.http}/pizzashack/1.0.0/menu`, { fresh: true });
    assert.equal(answer.status, 401);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  t.diagnostic(
    `others were answered after ${times[20]?.toFixed(1)} ms in the median, ${times.at(-1)?.toFixed(1)} ms at most`,
  );
  assert.equal((await call(`${postern.admin}/status`)).json().threads.replaced, 0);
  for (const socket of flood) socket.destroy();
});
