/**
 * Processor time per request of a plain pass-through: the wire on `node:http` and undici against the one on `node:net`,
 * side by side. `node bench/wire.ts [seconds per round] [rounds]`; needs `wrk` and /proc.
 *
 * Each proxy is a process of its own, so that its utime + stime says it all; the rounds of the two alternate because
 * machines drift more from minute to minute than the two differ in some respects. Back end: `node:net`, one fixed answer.
 */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wires } from '../src/wire/index.ts';

const connections = 64;
const ticksPerSecond = 100;
const bearer = `Bearer ${'t'.repeat(650)}`;

/** The back end: answers every head with the same 150 bytes. */
async function backEnd(): Promise<void> {
  const body = `{"answer":"${'x'.repeat(71)}"}`;
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json';
  const bytes = Buffer.from(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk) => {
      for (let at = chunk.indexOf('\r\n\r\n'); at >= 0; at = chunk.indexOf('\r\n\r\n', at + 4)) socket.write(bytes);
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

async function proxy(name: keyof typeof wires, backEndPort: number): Promise<void> {
  const wire = await wires[name]();
  const upstream = wire.createUpstream({
    origin: `http://127.0.0.1:${backEndPort}`,
    connectTimeout: 2_000,
    maxConnections: 0,
    idleTimeout: 10_000,
  });
  const handler = { onHead: () => null, onEnd: () => {} };
  const server = wire.createServer(
    {
      maxHeadSize: 16_384,
      maxTargetLength: 8_192,
      headTimeout: 10_000,
      keepAliveTimeout: 10_000,
      refuse: (defect) => ({ status: 400, fields: [], body: defect }),
    },
    (exchange) =>
      // What every request of the gateway does: look at its token and its path, and take the token out.
      exchange.forward(
        {
          upstream,
          target: exchange.header('authorization') === bearer ? exchange.target : '/denied',
          remove: ['authorization'],
          set: [],
          timeout: 5_000,
        },
        handler,
      ),
  );
  process.send?.(await server.listen({ host: '127.0.0.1', port: 0, reusePort: false }));
}

async function start(...args: string[]): Promise<{ port: number; pid: number; stop: () => void }> {
  const child = fork(fileURLToPath(import.meta.url), args);
  const [port] = (await once(child, 'message')) as [number];
  return { port, pid: child.pid as number, stop: () => child.kill() };
}

/** utime + stime of a process, in seconds. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function resident(pid: number): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(line?.[1]) / 1024;
}

async function load(port: number, seconds: number): Promise<number> {
  const { stdout } = await promisify(execFile)('wrk', [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-H', `Authorization: ${bearer}`],
    ...['-H', `Cookie: ${'c'.repeat(200)}`, `http://127.0.0.1:${port}/pizzashack/1.0.0/menu?size=large`],
  ]);
  const bad = /Non-2xx.*: (\d+)|Socket errors: (.*)/.exec(stdout);
  if (bad) throw new Error(`wrk: ${bad[0]}`);
  return Number(/(\d+) requests in/.exec(stdout)?.[1]);
}

async function compare(seconds: number, rounds: number): Promise<void> {
  const back = await start('back-end');
  const names = Object.keys(wires);
  const proxies = await Promise.all(names.map((name) => start('proxy', name, String(back.port))));
  const results = names.map(() => ({ micros: [] as number[], rate: [] as number[] }));
  try {
    for (const { port } of proxies) await load(port, 2);
    for (let round = 0; round < rounds; round++) {
      for (const [i, { port, pid }] of proxies.entries()) {
        const before = processorTime(pid);
        const requests = await load(port, seconds);
        results[i]?.micros.push(((processorTime(pid) - before) * 1e6) / requests);
        results[i]?.rate.push(requests / seconds);
      }
    }
    console.log(`${connections} connections, ${seconds} s a round, Node ${process.version}`);
    console.log('wire                 us/request per round        median  requests/s  resident MB');
    for (const [i, name] of names.entries()) {
      const { micros, rate } = results[i] as { micros: number[]; rate: number[] };
      const all = micros.map((us) => us.toFixed(1)).join(' ');
      const mb = resident((proxies[i] as { pid: number }).pid).toFixed(0);
      console.log(
        `${name.padEnd(20)} ${all.padEnd(27)} ${median(micros).toFixed(1).padStart(6)} ${median(rate).toFixed(0).padStart(11)} ${mb.padStart(12)}`,
      );
    }
  } finally {
    for (const { stop } of proxies) stop();
    back.stop();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}

const [role, name, port] = process.argv.slice(2);
if (role === 'back-end') await backEnd();
else if (role === 'proxy') await proxy(name as keyof typeof wires, Number(port));
else await compare(Number(role ?? 3), Number(name ?? 3));
