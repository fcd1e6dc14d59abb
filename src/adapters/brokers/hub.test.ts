import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { key, revoked, serveAsHub } from '../../../test/support/hub.ts';
import type { HubEvent } from '../../core/events.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { type Certificates, openCertificates } from '../../platform/certificates.ts';
import { type HubSourceOptions, openHubSource } from './hub.ts';
import type { ChangeSource, Snapshot } from './source.ts';

const dir = mkdtempSync(join(tmpdir(), 'postern-source-'));
let certificates: Certificates;
before(async () => {
  certificates = await openCertificates(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

type Answer = (response: ServerResponse, url: string) => void;

/** A source over a server that gives these answers, one a request, the last one again and again. */
async function sourceOver(t: TestContext, answers: Answer[], options: Partial<HubSourceOptions> = {}) {
  const urls: string[] = [];
  const server = await serveAsHub(certificates, (request, response) => {
    const url = request.url ?? '';
    const answer = answers[Math.min(urls.length, answers.length - 1)] as Answer;
    urls.push(url);
    answer(response, url);
  });
  const source = openHubSource({ url: server.url, ca: certificates.ca, ...certificates.gateway, ...options });
  t.after(async () => {
    source.close();
    await server.close();
  });
  return { source, urls };
}

const stream: Answer = (response) => response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
const lines = (...of: unknown[]): string => of.map((line) => `${JSON.stringify(line)}\n`).join('');
const head = (number: number): HubEvent => ({ type: 'head', epoch: 'e', number });
const change = (number: number): HubEvent => ({ type: 'change', number, ...key(`k${number}`) });

/** Follows and notes what happens, in order: events, `connected` and the reasons of failures. */
function follow(source: ChangeSource, position = { epoch: 'e', number: 0 }) {
  const happened: (HubEvent | string)[] = [];
  const waiting = new Set<() => void>();
  const note = (...what: (HubEvent | string)[]) => {
    happened.push(...what);
    for (const wake of waiting) wake();
  };
  const following = source.follow(() => position, {
    connected: () => note('connected'),
    events: (events) => {
      for (const event of events) if (event.type === 'change') position.number = event.number;
      note(...events);
    },
    disconnected: (reason) => note(reason.message),
  });
  const until = async (count: number) => {
    while (happened.length < count) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
    }
    return happened;
  };
  return { following, happened, until };
}

async function all(snapshot: Snapshot): Promise<EntityChange[]> {
  const entities: EntityChange[] = [];
  for await (const some of snapshot.entities) entities.push(...some);
  return entities;
}

test('events as they come, also when a line comes in pieces', async (t) => {
  const whole = Buffer.from(lines(head(0), change(1), { ...change(2), id: 'köln' }));
  const { source, urls } = await sourceOver(t, [
    (response, url) => {
      stream(response, url);
      for (const byte of whole) response.write(Buffer.from([byte]));
    },
  ]);
  const { until } = follow(source);
  assert.deepEqual(await until(4), ['connected', head(0), change(1), { ...change(2), id: 'köln' }]);
  assert.deepEqual(urls, ['/internal/data/v1/events?after=e:0']);
});

test('a stream that ends is followed from the position as it is then, at once', async (t) => {
  const { source, urls } = await sourceOver(t, [
    (response, url) => {
      stream(response, url);
      response.end(lines(head(2), change(1), change(2)));
    },
    stream,
  ]);
  const { until } = follow(source);
  const happened = await until(6);
  assert.deepEqual(happened.slice(4), ['the event stream ended', 'connected']);
  assert.equal(urls[1], '/internal/data/v1/events?after=e:2');
});

test('a silent hub is given up, before and after its first line', async (t) => {
  const { source } = await sourceOver(
    t,
    [
      () => {},
      (response, url) => {
        stream(response, url);
        response.write(lines(head(0)));
      },
    ],
    { silence: 100 },
  );
  const { until } = follow(source);
  const silent = 'nothing was heard for 100 ms';
  assert.deepEqual(await until(4), [silent, 'connected', head(0), silent]);
});

test('a hub that sends bytes and says nothing new is as good as silent', async (t) => {
  for (const [what, piece] of [
    ['blanks', ' '],
    ['what is known', lines(change(1))],
  ] as const) {
    const drip: Answer = (response, url) => {
      stream(response, url);
      const timer = setInterval(() => response.write(piece), 20);
      response.on('close', () => clearInterval(timer));
    };
    const { source } = await sourceOver(t, [drip, stream], { silence: 100 });
    const { happened, following } = follow(source, { epoch: 'e', number: 5 });
    while (!happened.includes('nothing was heard for 100 ms')) await new Promise((resolve) => setTimeout(resolve, 10));
    following.stop();
    assert.equal(happened[0], 'connected', what);
  }
});

test('a snapshot that drips is given up, one with a long line on a slow way is not', async (t) => {
  const header = { format: 1, epoch: 'e', number: 7 };
  const slowly =
    (pieces: readonly string[]): Answer =>
    (response, url) => {
      stream(response, url);
      response.write(lines(header));
      let at = 0;
      const timer = setInterval(() => (at < pieces.length ? response.write(pieces[at++]) : response.end()), 50);
      response.on('close', () => clearInterval(timer));
    };
  const long = lines(key('k'.repeat(80_000)), { type: 'end', count: 1 });
  const pieces = long.match(/[\s\S]{1,8000}/g) ?? [];
  const { source } = await sourceOver(t, [slowly(Array(1000).fill(' ')), slowly(pieces)], { snapshotSilence: 200 });
  await assert.rejects(source.snapshot().then(all), /nothing of the snapshot came for 200 ms/);
  assert.equal((await all(await source.snapshot())).length, 1);
});

test('a hub that is quiet but for its heartbeat is not given up', async (t) => {
  let beats: NodeJS.Timeout | undefined;
  t.after(() => clearInterval(beats));
  const { source } = await sourceOver(
    t,
    [
      (response, url) => {
        stream(response, url);
        beats = setInterval(() => response.write(lines(head(0))), 20);
      },
    ],
    { silence: 200 },
  );
  const { until } = follow(source);
  const happened = await until(30);
  assert.deepEqual(
    new Set(happened.map((one) => (typeof one === 'string' ? one : one.type))),
    new Set(['connected', 'head']),
  );
});

test('what comes instead of events is told, and good lines before a bad one count', async (t) => {
  const answer = (status: number, headers: Record<string, string>, body: string): Answer => {
    return (response) => response.writeHead(status, headers).end(body);
  };
  const good = { 'content-type': 'application/x-ndjson' };
  const { source } = await sourceOver(
    t,
    [
      answer(302, { location: 'https://elsewhere.example/login' }, ''),
      answer(200, { 'content-type': 'text/html' }, '<html>'),
      answer(403, { 'content-type': 'application/json' }, '{"description":"Only enrolled gateways."}'),
      answer(403, { 'content-type': 'text/html' }, 'A firewall.'),
      answer(200, good, `${lines(head(1), change(1))}<html>\n`),
      answer(200, good, '\n'),
      answer(200, good, lines({ type: 'change', number: -1, ...key('k') })),
      answer(200, good, lines({ type: 'change', number: 2, kind: 'key', id: 7, value: null })),
      answer(200, good, lines({ type: 'party', number: 2 })),
      answer(200, good, 'x'.repeat(17 * 1024 * 1024)),
      stream,
    ],
    { maxRetry: 1 },
  );
  const { until, happened } = follow(source);
  await until(20);
  const expected = [
    /expected 200 application\/x-ndjson of an event hub, got 302 without a content type that points to https:\/\/elsewhere/,
    /got 200 text\/html$/,
    /^refused with 403: Only enrolled gateways; this gateway is not enrolled there: postern enrol CODE --server-url https:\/\/127\.0\.0\.1:\d+$/,
    /got 403 text\/html$/,
    /connected/,
    /expected an event, got "<html>"/,
    /connected/,
    /expected an event, got ""/,
    /connected/,
    /expected an event with a number, got/,
    /connected/,
    /expected an event \(change, head or reload\), got/,
    /connected/,
    /expected an event \(change, head or reload\), got/,
    /connected/,
    /a line is longer than 16777216 bytes/,
    /connected/,
  ];
  const told = happened.filter((one) => typeof one === 'string');
  for (const [at, pattern] of expected.entries()) assert.match(String(told[at]), pattern);
  assert.deepEqual(
    happened.filter((one) => typeof one !== 'string'),
    [head(1), change(1)],
  );
});

test('a restart begins a new connection; after stop nothing comes', async (t) => {
  const responses: ServerResponse[] = [];
  const { source, urls } = await sourceOver(t, [
    (response, url) => {
      stream(response, url);
      responses.push(response);
      response.write(lines(head(0)));
    },
  ]);
  const { until, following, happened } = follow(source);
  await until(2);
  following.restart(new Error('a gap'));
  assert.deepEqual((await until(5)).slice(2), ['a gap', 'connected', head(0)]);
  following.stop();
  await once(responses[1] as ServerResponse, 'close');
  assert.equal(happened.length, 5);
  assert.equal(urls.length, 2);
});

test('a server of another authority is not believed, and it is said how to enrol there', async (t) => {
  const other = await openCertificates(join(dir, 'other'));
  const { source } = await sourceOver(t, [stream], { ca: other.ca });
  const { until } = follow(source);
  const advice =
    /certificate.*; this gateway is not enrolled there: postern enrol CODE --server-url https:\/\/127\.0\.0\.1:\d+/;
  assert.match(JSON.stringify(await until(1)), advice);
  await assert.rejects(source.snapshot(), { name: 'SourceError', message: advice });
});

test('a snapshot with its entities', async (t) => {
  const header = { format: 1, epoch: 'e', number: 7, at: 5 };
  const { source } = await sourceOver(t, [
    (response, url) => {
      stream(response, url);
      response.end(lines(header, key('one'), key('two'), { type: 'end', count: 2 }));
    },
  ]);
  const snapshot = await source.snapshot();
  assert.deepEqual(snapshot.header, header);
  assert.deepEqual(await all(snapshot), [key('one'), key('two')]);
});

test('revocations of a snapshot may come many in a line, as their values', async (t) => {
  const { source, urls } = await sourceOver(t, [
    (response, url) => {
      stream(response, url);
      const values = [revoked('a'), revoked('b')].map(({ value }) => value);
      const header = { format: 1, epoch: 'e', number: 7 };
      response.end(lines(header, key('one'), { kind: 'revocation', values }, { type: 'end', count: 3 }));
    },
    (response, url) => {
      stream(response, url);
      response.end(lines({ format: 1, epoch: 'e', number: 7 }, { kind: 'revocation', values: ['a'] }));
    },
  ]);
  assert.deepEqual(await all(await source.snapshot()), [key('one'), revoked('a'), revoked('b')]);
  await assert.rejects(async () => all(await source.snapshot()), /expected the values of revocations/);
  assert.equal(urls[0], '/internal/data/v1/snapshot?revocations=values');
});

test('a snapshot that is truncated, miscounted or something else is refused', async (t) => {
  const header = lines({ format: 1, epoch: 'e', number: 7 });
  const refused: readonly [text: string, reason: RegExp][] = [
    ['', /has not even a header/],
    ['{"format":2}\n', /expected a snapshot of format 1/],
    [header, /not whole: expected its end, got 0 entities/],
    [header + lines(key('one')), /not whole: expected its end, got 1 entities/],
    [header + lines(key('one'), { type: 'end', count: 2 }), /expected 2 entities, got 1/],
    [header + lines(key('one'), { type: 'end', count: 1 }, key('two')), /goes on after its end/],
    [`${header + lines(key('one'))}{"type":"en`, /not whole/],
    [header + lines({ ...key('one'), value: null }), /expected an entity/],
  ];
  const answers = refused.map(
    ([text]): Answer =>
      (response, url) => {
        stream(response, url);
        response.end(text);
      },
  );
  const cut: Answer = (response, url) => {
    stream(response, url);
    response.write(header + lines(key('one')), () => response.destroy());
  };
  const { source } = await sourceOver(t, [...answers, cut]);
  for (const [, reason] of [...refused, ['', /not whole/] as const]) {
    await assert.rejects(async () => all(await source.snapshot()), reason);
  }
});

test('an address that is no HTTPS origin is refused, and its password not told', () => {
  const open = (url: string) => () => openHubSource({ url, ca: '', cert: '', key: '' });
  assert.throws(open('nonsense'), /must be https:\/\/host:port, and is nonsense$/);
  assert.throws(open('http://localhost:9443'), /and is http:\/\/localhost:9443$/);
  assert.throws(open('https://localhost:9443/x'), /and is https:\/\/localhost:9443\/x/);
  assert.throws(open('https://me:secret@localhost'), (error: Error) => !error.message.includes('secret'));
});
