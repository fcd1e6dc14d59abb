/** Clients whose heads never end do not keep others waiting. */
import { connect } from 'node:net';
import { Peer } from '../../../src/wire/contract/fixture.ts';
import { startAnswering } from './answering.ts';
import type { Bound } from './bound.ts';
import { gather } from './crowd.ts';
import { tooFewFiles } from './files.ts';
import { startProxy } from './proxy-process.ts';

const request = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
/** What else the machine does shows in some rounds, so that the best counts; in each, every slow client sends something. */
const rounds = 4;
/** Milliseconds. */
const roundTime = 1_100;
/** Times that others may wait longer, and what a measurement differs by from one moment to the next, in ms. */
const [factor, jitter] = [2, 3];

export const slowHeads: Bound = {
  name: 'slow-heads',
  about: 'how long others wait beside clients whose heads drip in',
  scale: { short: 500, long: 5_000, unit: 'slow clients' },
  obstacle: tooFewFiles,
  async measure(wire, scale, say) {
    const backEnd = await startAnswering();
    const proxy = await startProxy(wire, backEnd.port);
    const socket = connect(proxy.http, '127.0.0.1');
    try {
      const other = new Peer(socket);
      const alone = await best(other);
      say(`p99 alone: ${alone.toFixed(2)} ms`);
      const crowd = await gather(proxy.http, scale, 'dripping');
      try {
        const beside = await best(other);
        say(`p99 beside ${scale} slow clients: ${beside.toFixed(2)} ms`);
        const lost = await crowd.lost();
        if (lost > 0) throw new Error(`${lost} of ${scale} slow clients were gone before the measurement ended`);
        return [{ name: 'p99 beside them', value: beside, unit: 'ms', atMost: factor * alone + jitter }];
      } finally {
        await crowd.leave();
      }
    } finally {
      socket.destroy();
      await proxy.stop();
      backEnd.close();
    }
  },
};

/** The least of the p99s of several rounds, in ms. */
async function best(client: Peer): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const times: number[] = [];
    for (const end = performance.now() + roundTime; performance.now() < end; ) {
      const from = performance.now();
      client.send(request);
      await client.until(/x{150}$/);
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    least = Math.min(least, times[Math.floor(times.length * 0.99)] as number);
  }
  return least;
}
