/** Large bodies go through in little memory, both ways, however they say how long they are, and however slowly they are read. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Bound, Finding } from './bound.ts';
import { startProxy } from './proxy-process.ts';

const mebibyte = 1024 * 1024;
/** Of no length that a buffer on the way has. */
const block = Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 31 + (i >> 8)) & 255));
const twice = Buffer.concat([block, block]);
/** MiB of a body for comparison. */
const little = 16;
/**
 * MB that may be in memory besides what a little body takes, and in buffers: those that nobody needs are collected when
 * they have become some 64, and now earlier and now later. Less than the body in any case.
 */
const room = (size: number): { more: number; buffers: number } => ({
  more: Math.min(80, size / 2),
  buffers: Math.min(100, size * 0.75),
});

interface Passage {
  readonly way: 'down' | 'up';
  readonly isChunked: boolean;
  /** The receiver lets the sender go ahead for a second, and pauses after every mebibyte. */
  readonly isSlow: boolean;
}

const passages: Passage[] = (['down', 'up'] as const).flatMap((way) =>
  [false, true].flatMap((isChunked) => [false, true].map((isSlow) => ({ way, isChunked, isSlow }))),
);
const nameOf = ({ way, isChunked, isSlow }: Passage): string =>
  `${way}, ${isChunked ? 'in chunks' : 'of known length'}${isSlow ? ', read slowly' : ''}`;

export const bodies: Bound = {
  name: 'bodies',
  about: 'memory in which large bodies go through',
  scale: { short: 128, long: 1024, unit: 'MiB' },
  async measure(wire, scale, say) {
    const backEnd = createServer((incoming, outgoing) => void answer(incoming, outgoing));
    backEnd.listen(0, '127.0.0.1');
    await once(backEnd, 'listening');
    const proxy = await startProxy(wire, (backEnd.address() as AddressInfo).port);
    try {
      const findings: Finding[] = [];
      const atMost = room((scale * mebibyte) / 1e6);
      for (const passage of passages) {
        const peakOf = async (mebibytes: number) => {
          await pass(proxy.http, passage, mebibytes);
          return proxy.weigh();
        };
        const { peak: before } = await peakOf(little);
        const { peak, buffers } = await peakOf(scale);
        const name = nameOf(passage);
        findings.push({ name: `${name}, more in memory`, value: peak - before, unit: 'MB', atMost: atMost.more });
        findings.push({ name: `${name}, in buffers`, value: buffers, unit: 'MB', atMost: atMost.buffers });
        say(
          `${name}: at most ${peak.toFixed(0)} MB (${little} MiB: ${before.toFixed(0)}), ${buffers.toFixed(0)} in buffers`,
        );
      }
      return findings;
    } finally {
      await proxy.stop();
      backEnd.closeAllConnections();
      backEnd.close();
    }
  },
};

/** @throws Error if the body is not the one that was sent */
async function pass(port: number, passage: Passage, mebibytes: number): Promise<void> {
  const { way, isChunked, isSlow } = passage;
  const size = mebibytes * mebibyte;
  const outgoing = request({
    port,
    host: '127.0.0.1',
    method: way === 'up' ? 'PUT' : 'GET',
    path: `/${way}/${size}/${isChunked ? 'chunked' : 'length'}/${isSlow ? 'slow' : 'fast'}`,
    headers: way === 'up' && !isChunked ? { 'content-length': size } : {},
    agent: false,
  });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  if (way === 'up') await write(outgoing, size);
  else outgoing.end();
  const [incoming] = await answered;
  if (way === 'down') await read(incoming, size, isSlow);
  else {
    incoming.resume();
    await once(incoming, 'end');
    if (incoming.statusCode !== 200) throw new Error(`${nameOf(passage)}: ${incoming.statusCode}`);
  }
}

/** The back end. */
async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const [, way, bytes, framing, pace] = (incoming.url as string).split('/');
  const size = Number(bytes);
  if (way === 'down') {
    if (framing === 'length') outgoing.setHeader('content-length', size);
    await write(outgoing, size);
    return;
  }
  const status = await read(incoming, size, pace === 'slow').then(
    () => 200,
    () => 500,
  );
  outgoing.writeHead(status, { 'content-length': 0 }).end();
}

async function write(to: Writable, size: number): Promise<void> {
  for (let sent = 0; sent < size && !to.destroyed; sent += block.length) {
    if (!to.write(sent + block.length > size ? block.subarray(0, size - sent) : block)) await once(to, 'drain');
  }
  to.end();
}

async function read(from: Readable, size: number, isSlow: boolean): Promise<void> {
  let got = 0;
  let untilPause = mebibyte;
  if (isSlow) await new Promise((resolve) => setTimeout(resolve, 1_000));
  for await (const piece of from as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length; at += block.length) {
      const part = piece.subarray(at, at + block.length);
      const place = (got + at) % block.length;
      if (!part.equals(twice.subarray(place, place + part.length))) throw new Error(`other bytes after ${got + at}`);
    }
    got += piece.length;
    untilPause -= piece.length;
    if (!isSlow || untilPause > 0) continue;
    untilPause = mebibyte;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (got !== size) throw new Error(`${got} bytes of ${size}`);
}
