/** What back ends are told about who asks; what clients can't tell them; and which proxies are believed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testResource } from '../support/gateway.ts';

const lies = {
  forwarded: 'for=192.0.2.66;proto=https',
  'x-forwarded-for': '192.0.2.66',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'lies.example',
  'x-forwarded-client-cert': 'Subject="CN=admin"',
  'x-forwarded-user': 'admin',
  'x-real-ip': '192.0.2.66',
  'x-jwt-assertion': 'e30.e30.e30',
  'x-wso2-client-certificate': 'MIIB',
  via: '1.1 before',
  'x-other': 'stays',
};

const open = testResource({ authType: 'None' });
let backend: Backend;
before(async () => {
  backend = await startBackend();
});
after(async () => {
  closeConnections();
  await backend.close();
});

async function start(wire: string, flags: readonly string[]): Promise<TestGateway> {
  const api = testApi('echo', backend.url, { resources: [open] });
  const gateway = await startTestGateway({
    fixed: { entities: [api] },
    flags: [`--gateway.wire=${wire}`, ...flags],
  });
  await gateway.gateway.serving;
  return gateway;
}

/** What the back end is told, of all that there is to be told. */
async function told(gateway: string, headers: Record<string, string>): Promise<Record<string, string>> {
  const answer = await call(`${gateway}/echo/1.0.0/x`, { headers });
  assert.equal(answer.status, 200, answer.body);
  const all = Object.entries(answer.json().headers as Record<string, string>);
  return Object.fromEntries(all.filter(([name]) => name in lies));
}

const trusting = ['--gateway.forwarded.trustedProxies=127.0.0.0/8,::1'];

for (const wire of ['net', 'node']) {
  describe(`on the wire ${wire}`, () => {
    const cases: readonly [what: string, flags: readonly string[], told: Record<string, string>][] = [
      [
        'nobody is believed: the gateway says what it sees, and the lies are gone',
        [],
        {
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': 'http',
          'x-forwarded-host': 'HOST',
          via: '1.1 before',
          'x-other': 'stays',
        },
      ],
      [
        'Forwarded, and Via',
        ['--gateway.forwarded.fields=forwarded', '--gateway.forwarded.via=postern'],
        { forwarded: 'for=127.0.0.1;host="HOST";proto=http', via: '1.1 before, 1.1 postern', 'x-other': 'stays' },
      ],
      ['nothing', ['--gateway.forwarded.fields=off'], { via: '1.1 before', 'x-other': 'stays' }],
      [
        'a trusted proxy: the chain is extended, and what it says of the client goes on',
        trusting,
        {
          'x-forwarded-for': '192.0.2.66, 127.0.0.1',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'lies.example',
          'x-forwarded-client-cert': 'Subject="CN=admin"',
          'x-forwarded-user': 'admin',
          'x-real-ip': '192.0.2.66',
          via: '1.1 before',
          'x-other': 'stays',
        },
      ],
      [
        'a trusted proxy that speaks Forwarded: not the other fields, which may be anybody’s',
        [...trusting, '--gateway.forwarded.fields=forwarded'],
        {
          forwarded: 'for=192.0.2.66;proto=https, for=127.0.0.1;host="HOST";proto=http',
          'x-forwarded-client-cert': 'Subject="CN=admin"',
          'x-forwarded-user': 'admin',
          'x-real-ip': '192.0.2.66',
          via: '1.1 before',
          'x-other': 'stays',
        },
      ],
      [
        'a trusted proxy, and both: Forwarded is made of X-Forwarded-For',
        [...trusting, '--gateway.forwarded.fields=both', '--gateway.forwarded.reserved=x-forwarded-*'],
        {
          forwarded: 'for=192.0.2.66, for=127.0.0.1;host="HOST";proto=http',
          'x-forwarded-for': '192.0.2.66, 127.0.0.1',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'lies.example',
          'x-forwarded-client-cert': 'Subject="CN=admin"',
          'x-forwarded-user': 'admin',
          'x-real-ip': '192.0.2.66',
          via: '1.1 before',
          'x-other': 'stays',
        },
      ],
    ];
    for (const [what, flags, expected] of cases) {
      test(what, async () => {
        const gateway = await start(wire, flags);
        try {
          const { host } = new URL(gateway.http);
          const there = Object.entries(expected).map(([name, value]) => [name, value.replace('HOST', host)]);
          assert.deepEqual(await told(gateway.http, lies), Object.fromEntries(there));
        } finally {
          await gateway.stop();
        }
      });
    }

    test('429 to one client behind a trusted proxy, 200 to another; behind others they are one', async () => {
      const limit = { count: 1, windowMs: 3_600_000 };
      const policy = { level: 'subscription', name: 'Unauthenticated', stopOnQuota: true, limit } as const;
      const entities = [
        testApi('echo', backend.url, { resources: [open] }),
        { kind: 'policy', id: 'subscription/Unauthenticated', value: policy } as const,
      ];
      for (const [flags, second] of [
        [trusting, 200],
        [[], 429],
      ] as const) {
        const gateway = await startTestGateway({ fixed: { entities }, flags: [`--gateway.wire=${wire}`, ...flags] });
        try {
          const ask = async (client: string): Promise<number> =>
            (await call(`${gateway.http}/echo/1.0.0/x`, { headers: { 'x-forwarded-for': client } })).status;
          assert.equal(await ask('192.0.2.1'), 200);
          assert.equal(await ask('192.0.2.2'), second);
          assert.equal(await ask('192.0.2.1'), 429);
          assert.equal(await ask('192.0.2.7, 192.0.2.1'), 429, 'what the client says before does not help it');
        } finally {
          await gateway.stop();
        }
      }
    });
  });
}

test('the key manager is told the address that asks as far as it is known, and nothing else', async () => {
  for (const [flags, address] of [
    [trusting, '192.0.2.9'],
    [[], '127.0.0.1'],
    [[...trusting, '--gateway.forwarded.fields=off'], '192.0.2.9'],
  ] as const) {
    const gateway = await startTestGateway({ flags: [`--keyManager.serverUrl=${backend.url}`, ...flags] });
    try {
      const headers = { ...lies, 'x-forwarded-for': '192.0.2.66, 192.0.2.9' };
      const { headers: seen } = (await call(`${gateway.token}/token`, { method: 'POST', headers })).json();
      assert.equal(seen['x-forwarded-for'], address);
      assert.equal(seen['x-forwarded-client-cert'], undefined);
      assert.equal(seen.forwarded, undefined);
    } finally {
      await gateway.stop();
    }
  }
});

test('options that mean nothing are refused with what was expected', async () => {
  for (const [flag, words] of [
    ['trustedProxies=10.0.0.0/40', /trustedProxies: .*addresses, blocks and ranges.*"10\.0\.0\.0\/40"/],
    ['reserved=Forwarded', /reserved: expected names of fields in lower case.*"Forwarded"/],
    ['reserved=host', /reserved: expected .*"host"/],
    ['via=two words', /via: expected a name or host:port, got "two words"/],
  ] as const) {
    await assert.rejects(startTestGateway({ flags: [`--gateway.forwarded.${flag}`] }), (error: Error) => {
      assert.match(error.message, words);
      return true;
    });
  }
});
