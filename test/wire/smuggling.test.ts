/**
 * Bytes made to be read in two ways, through a gateway to nginx and HAProxy: no request gets out that did not get in.
 * What got in is what our parser reads, which differential.test.ts holds against Node's.
 *
 * MUTATIONS=5000 tries more mutants, MUTATION_SEED=7 others; the default is for every day.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { verbs } from '../../src/core/api.ts';
import { normalizePath } from '../../src/core/normalize-path.ts';
import { startTestGateway, testApi, testResource } from '../support/gateway.ts';
import { missing } from '../support/servers.ts';
import { type BackEndName, type SeenRequest, startBackEnd } from './back-ends.ts';
import { requestsTo } from './corpus.ts';
import { mutate, randomFrom, sourcesOf } from './mutate.ts';
import { readRequests } from './read-ours.ts';
import { readRequestsWithNode } from './read-with-node.ts';
import type { Reading } from './reading.ts';

const count = Number(process.env.MUTATIONS ?? 150);
const seed = Number(process.env.MUTATION_SEED ?? 1);
/** Connections at a time. */
const concurrency = 8;
/** Milliseconds for all answers of a connection. */
const patience = 5_000;
const context = '/s/1.0.0';
/** Stands for the number of a case, which is as long. */
const placeholder = 'c00000';

function casesOf(): Buffer[] {
  const random = randomFrom(seed);
  const corpus = Object.values(requestsTo(`${context}/${placeholder}/`));
  const sources = sourcesOf(corpus, (text) => !readRequests([Buffer.from(text, 'latin1')]).refusal);
  const mutants = Array.from({ length: count }, () => mutate(sources, random));
  return [...corpus, ...mutants].map((text, at) =>
    Buffer.from(text.replaceAll(placeholder, `c${String(at).padStart(5, '0')}`), 'latin1'),
  );
}

/** Sends the bytes and waits for as many answers as can come, or the end of the connection. Null = it did not come. */
function send(port: number, bytes: Buffer, wanted: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    let isOver = true;
    const timer = setTimeout(() => {
      isOver = false;
      socket.destroy();
    }, patience);
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if ((received.match(/HTTP\/1\.1 [2-5]\d\d /g)?.length ?? 0) >= wanted) socket.destroy();
    });
    socket.on('end', () => socket.destroy());
    // A reset, after an answer that refused the rest.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(isOver ? received : null);
    });
    socket.write(bytes);
    if (wanted === 0) socket.destroySoon();
  });
}

/** What the back end would be asked for; null = no path of the API. */
function forwarded(line: string): string | null {
  const [method, target] = line.replace(/ https?:\/\/[^/]*/i, ' ').split(' ') as [string, string];
  const query = target.indexOf('?');
  const path = normalizePath(query === -1 ? target : target.slice(0, query));
  if (!path?.startsWith(`${context}/`)) return null;
  return `${method} ${path.slice(context.length)}${query === -1 ? '' : target.slice(query)}`;
}

/** How often each request may get out: `GET /x`, and `GET /x BODY` for one with a whole body. */
function allowed(readings: readonly Reading[]): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const { messages } of readings) {
    for (const { line, body, isWhole } of messages) {
      const request = forwarded(line);
      if (request === null) continue;
      add(request);
      if (isWhole) add(`${request} ${body}`);
    }
  }
  return counts;
}

function assertNoneBesides(seen: readonly SeenRequest[], mayBe: Map<string, number>): void {
  const take = (key: string) => {
    const left = mayBe.get(key) ?? 0;
    assert.ok(left > 0, `a request got out that did not get in: ${JSON.stringify(key)}`);
    mayBe.set(key, left - 1);
  };
  for (const { method, target, body, isWhole } of seen) {
    take(`${method} ${target}`);
    if (isWhole) take(`${method} ${target} ${body}`);
  }
}

/** What of the bytes is a request, at most. */
const wires = { net: readRequests, node: readRequestsWithNode };

for (const [wire, read] of Object.entries(wires)) {
  for (const name of ['nginx', 'haproxy'] as BackEndName[]) {
    test(`wire ${wire}: one request in is one request at ${name}, or none`, { skip: missing(name) }, async () => {
      const backEnd = await startBackEnd(name);
      const resources = verbs.map((verb) => testResource({ verb, authType: 'None' }));
      const api = testApi('s', backEnd.url, { context: '/s', resources });
      // Who has sent the preface of HTTP/2 has to say more of it within the time of a head.
      const flags = [`--gateway.wire=${wire}`, '--gateway.headTimeout=2000'];
      const gateway = await startTestGateway({ fixed: { entities: [api] }, flags });
      const port = Number(new URL(gateway.http).port);
      const readings: Reading[] = [];
      const hung: string[] = [];
      const misread: string[] = [];
      try {
        const cases = casesOf();
        const workers = Array.from({ length: concurrency }, async () => {
          for (let bytes = cases.pop(); bytes; bytes = cases.pop()) {
            const reading = read([bytes]);
            readings.push(reading);
            const whole = reading.messages.filter(({ isWhole }) => isWhole).length;
            // After the last request that is whole, either an end or nothing comes.
            const wanted = reading.refusal || reading.isClosed ? Number.POSITIVE_INFINITY : whole;
            const received = await send(port, bytes, wanted);
            if (received === null) hung.push(bytes.toString('latin1'));
            else if (received.includes('<h1>400')) misread.push(bytes.toString('latin1'));
          }
        });
        await Promise.all(workers);
      } finally {
        await gateway.stop();
        await backEnd.close();
      }
      assertNoneBesides(backEnd.seen, allowed(readings));
      assert.deepEqual({ misread, hung }, { misread: [], hung: [] });
      assert.ok(
        backEnd.seen.length > readings.length / 10,
        `${backEnd.seen.length} requests got out of ${readings.length}`,
      );
    });
  }
}
