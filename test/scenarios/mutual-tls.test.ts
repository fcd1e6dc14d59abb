/** Client certificates: alone, with credentials, and passed on by a proxy; at a gateway with several threads, on both wires. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequestArgs, type IncomingHttpHeaders, request as plain } from 'node:http';
import { request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import { openHubSource } from '../../src/adapters/brokers/hub.ts';
import { addBuiltInPolicies } from '../../src/adapters/stores/policies.ts';
import { acceptedCertificate } from '../../src/adapters/trust-stores/accepted-certificate.ts';
import { toPem } from '../../src/adapters/trust-stores/trust-store.ts';
import type { Api, Security } from '../../src/core/api.ts';
import type { EntityChange } from '../../src/core/snapshot.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { minutes, type TestCertificate, testAuthority } from '../support/client-certificate.ts';
import { startTestGateway, type TestGateway, testApi, testIssuer, testResource } from '../support/gateway.ts';
import { startHub } from '../support/hub.ts';
import { newSigner } from '../support/signer.ts';
import { startWebSocketBackend } from '../support/websocket-backend.ts';

const issuer = 'https://issuer.example';
const signer = newSigner();
const bearer = (claims: Record<string, unknown> = {}) => ({
  authorization: `Bearer ${signer.sign({ iss: issuer, ...claims })}`,
});
const stranger = await testAuthority('Stranger');
const authority = await testAuthority('Partners');
const formerly = await testAuthority('Former partners', { notBefore: minutes(-60), notAfter: minutes(-1) });
const [ann, bob, late, early, eve] = await Promise.all([
  stranger.issue('ann'),
  stranger.issue('bob'),
  stranger.issue('late', { notBefore: minutes(-60), notAfter: minutes(-1) }),
  stranger.issue('early', { notBefore: minutes(30) }),
  stranger.issue('eve'),
]);
const [partner, other, server, formerPartner] = await Promise.all([
  authority.issue('partner'),
  authority.issue('other'),
  authority.issue('server', { purpose: 'server' }),
  formerly.issue('former'),
]);
/** Say that they are of the authority: one is signed by another key, one has a signature that is none. */
const forged = await (await testAuthority('Partners')).issue('forged');
const tampered = { ...partner, cert: withOtherEnd(partner.cert) };

/** The signature is what a certificate ends with. */
function withOtherEnd(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 1] = (der[der.length - 1] as number) ^ 1;
  return toPem('CERTIFICATE', der);
}

const accepting = (...all: readonly TestCertificate[]) =>
  all.map(({ cert }) => acceptedCertificate(cert, cert === bob.cert || cert === authority.cert ? 'Two' : 'Unlimited'));
const clientCertificates = accepting(ann, bob, late, early);
const two: EntityChange = {
  kind: 'policy',
  id: 'subscription|Two',
  value: {
    level: 'subscription',
    name: 'Two',
    limit: { count: 2, windowMs: 3_600_000 },
    stopOnQuota: true,
  },
};

function entities(url: string): EntityChange[] {
  const api = (name: string, security: Security, more: Partial<Api> = {}) =>
    testApi(name, url, { security, clientCertificates, ...more });
  const alone: Security = { schemes: [], mutualTls: 'mandatory' };
  return [
    two,
    testIssuer({ issuer, keys: [signer.jwk], subscriptions: 'none' }),
    testApi('tokens', url),
    api('alone', alone, { resources: [testResource({ scopes: ['read'] })] }),
    api('users', alone, { resources: [testResource({ authType: 'Application User' })] }),
    api('both', { schemes: ['oauth2'], mutualTls: 'mandatory' }),
    api('enough', { schemes: ['oauth2'], mutualTls: 'mandatory', schemesOptional: true }),
    api('instead', { schemes: ['oauth2', 'api_key'], mutualTls: 'optional' }),
    api('issued', alone, { clientCertificates: accepting(authority, formerly) }),
    api('limited', alone),
    api('nobody', alone, { clientCertificates: [] }),
  ];
}

interface Call {
  readonly certificate?: TestCertificate;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it expects
  readonly body: any;
}

for (const wire of ['net', 'node']) {
  describe(`wire ${wire}`, () => {
    let backend: Backend;
    let gateway: TestGateway;

    before(async () => {
      backend = await startBackend();
      gateway = await startTestGateway({
        fixed: { entities: entities(backend.url) },
        threads: 2,
        flags: [
          `--gateway.wire=${wire}`,
          '--gateway.clientCertificate.header=X-Certificate',
          '--gateway.clientCertificate.trustedProxies=127.0.0.2, ::2/128',
        ],
      });
      await gateway.gateway.serving;
    });
    after(async () => {
      await gateway?.stop();
      await backend?.close();
    });

    const send = (url: string, options: ClientRequestArgs, secure: boolean): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const made = (secure ? request : plain)(url, { agent: false, ...options }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk) => void (text += chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }),
          );
        });
        made.on('error', reject).end();
      });
    const get = (name: string, { certificate, headers = {} }: Call = {}): Promise<Answer> =>
      send(
        `${gateway.https}/${name}/1.0.0/x`,
        { ...certificate, headers, rejectUnauthorized: false } as ClientRequestArgs,
        true,
      );
    const refused = async (name: string, call: Call, code: number, description: RegExp): Promise<Answer> => {
      const answer = await get(name, call);
      assert.deepEqual([answer.status, answer.body.fault?.code], [401, code]);
      assert.match(answer.body.fault.description, description);
      return answer;
    };

    test('200 with a certificate that the API accepts, whatever scopes a token would need', async () => {
      assert.equal((await get('alone', { certificate: ann })).status, 200);
    });

    test('401/900911 without a certificate, over plain HTTP, and where none is accepted', async () => {
      const { headers } = await refused('alone', { headers: bearer() }, 900911, /No client certificate was shown/);
      assert.equal(headers['www-authenticate'], 'ClientCertificate realm="Postern"');
      const plainly = await send(`${gateway.http}/alone/1.0.0/x`, {}, false);
      assert.deepEqual([plainly.status, plainly.body.fault.code], [401, 900911]);
      await refused('nobody', { certificate: ann }, 900911, /does not accept/);
    });

    test('401/900911 with a certificate that is not one of the API, or is over, or not yet valid', async () => {
      await refused('alone', { certificate: eve }, 900911, /does not accept this client certificate/);
      await refused('alone', { certificate: late }, 900911, /was valid until 20/);
      await refused('alone', { certificate: early }, 900911, /valid only from 20/);
    });

    test('401/900905 where a token of a user is wanted', async () => {
      await refused('users', { certificate: ann }, 900905, /./);
    });

    test('200 with certificate and token where both are needed, 401 where either is missing', async () => {
      assert.equal((await get('both', { certificate: ann, headers: bearer() })).status, 200);
      await refused('both', { certificate: ann }, 900902, /Bearer <token>/);
      await refused('both', { certificate: eve, headers: bearer() }, 900911, /does not accept/);
      await refused('both', { headers: bearer() }, 900911, /No client certificate/);
      await refused('both', { certificate: ann, headers: bearer({ exp: 1 }) }, 900903, /./);
    });

    test('200 with the certificate where it is enough; a token has to be good if there is one', async () => {
      assert.equal((await get('enough', { certificate: ann })).status, 200);
      assert.equal((await get('enough', { certificate: ann, headers: bearer() })).status, 200);
      await refused('enough', { certificate: ann, headers: bearer({ exp: 1 }) }, 900903, /./);
      await refused('enough', { headers: bearer() }, 900911, /No client certificate/);
    });

    test('200 with either certificate or token where any one is enough, 401 with neither', async () => {
      assert.equal((await get('instead', { certificate: ann })).status, 200);
      assert.equal((await get('instead', { headers: bearer() })).status, 200);
      assert.equal((await get('instead', { certificate: eve, headers: bearer() })).status, 200);
      await refused('instead', {}, 900902, /Bearer <token>.*or a client certificate/);
      await refused('instead', { certificate: eve }, 900911, /does not accept/);
      await refused('instead', { certificate: ann, headers: bearer({ exp: 1 }) }, 900903, /./);
    });

    test('a certificate makes no difference where none is asked for', async () => {
      assert.equal((await get('tokens', { certificate: eve, headers: bearer() })).status, 200);
      await refused('tokens', { certificate: ann }, 900902, /./);
    });

    test('401/900911 with a certificate that an accepted authority has not issued, not for clients, or is over', async () => {
      await refused('issued', { certificate: forged }, 900911, /does not accept/);
      await refused('issued', { certificate: tampered }, 900911, /does not accept/);
      await refused('issued', { certificate: server }, 900911, /does not accept/);
      await refused('issued', { certificate: formerPartner }, 900911, /was valid until/);
      await refused('issued', { certificate: ann }, 900911, /does not accept/);
    });

    test('429/900804 beyond the tier of a certificate; those of one authority share its tier', async () => {
      const statuses: number[] = [];
      for (const certificate of [bob, bob, bob, ann, partner, other, partner]) {
        const name = certificate === bob || certificate === ann ? 'limited' : 'issued';
        const { status, body } = await get(name, { certificate });
        statuses.push(status);
        if (status === 429) assert.equal(body.fault.code, 900804);
      }
      assert.deepEqual(statuses, [200, 200, 429, 200, 200, 200, 429]);
    });

    const oneLine = ann.cert.trim().replaceAll('\n', ' ');
    const bare = ann.cert.replace(/-----[^-]+-----|\s/g, '');
    for (const [form, value] of [
      ['PEM with blanks for line ends', oneLine],
      ['percent-encoded PEM', encodeURIComponent(ann.cert)],
      ['base64 of PEM', Buffer.from(ann.cert).toString('base64')],
      ['base64 of DER', bare],
      ['base64 of DER between colons', `:${bare}:`],
    ] as const) {
      test(`200 with a certificate passed on by a proxy as ${form}; no back end gets it`, async () => {
        const options = { headers: { 'x-certificate': value }, localAddress: '127.0.0.2' };
        const { status, body } = await send(
          `${gateway.http.replace('localhost', '127.0.0.1')}/alone/1.0.0/x`,
          options,
          false,
        );
        assert.equal(status, 200);
        assert.equal(body.headers['x-certificate'], undefined);
      });
    }

    test('401/900911 with a certificate in the field from elsewhere, with several, and with none', async () => {
      const url = `${gateway.http.replace('localhost', '127.0.0.1')}/alone/1.0.0/x`;
      for (const [localAddress, value, words] of [
        ['127.0.0.1', bare, /No client certificate/],
        ['127.0.0.2', `${bare}, ${bare}`, /can not be read/],
        ['127.0.0.2', 'nonsense', /can not be read/],
        ['127.0.0.2', '', /No client certificate/],
      ] as const) {
        const { status, body } = await send(url, { headers: { 'x-certificate': value }, localAddress }, false);
        assert.deepEqual([status, body.fault.code], [401, 900911]);
        assert.match(body.fault.description, words);
      }
    });

    test('the certificate of a proxy counts itself only where it passes none on', async () => {
      const url = `${gateway.https.replace('localhost', '127.0.0.1')}/alone/1.0.0/x`;
      for (const [headers, expected] of [
        [{}, 200],
        [{ 'x-certificate': '' }, 401],
        [{ 'x-certificate': eve.cert.trim().replaceAll('\n', ' ') }, 401],
      ] as const) {
        const options = { ...ann, headers, localAddress: '127.0.0.2', rejectUnauthorized: false };
        assert.equal((await send(url, options as ClientRequestArgs, true)).status, expected);
      }
    });

    test('a back end gets no such field of a client, also by another spelling', async () => {
      const headers = {
        ...bearer(),
        'X-WSO2-CLIENT-CERTIFICATE': bare,
        'X-Certificate': bare,
        X_WSO2_CLIENT_CERTIFICATE: bare,
      };
      const { status, body } = await get('tokens', { headers });
      assert.equal(status, 200);
      assert.deepEqual(
        Object.keys(body.headers).filter((name) => /certificate/i.test(name)),
        [],
      );
    });
  });
}

test('200 on each thread for an API that the source tells of while the threads start', async (t) => {
  const backend = await startBackend();
  const hub = await startHub();
  t.after(async () => {
    await hub.remove();
    await backend.close();
  });
  await hub.store.transaction(addBuiltInPolicies);
  const security: Security = { schemes: [], mutualTls: 'mandatory' };
  // A name is looked up, so that the listeners do not open at once.
  const flags = ['--gateway.host=localhost'];
  // At several moments of the start: which of them is the bad one depends on the machine.
  for (const delay of [0, 150, 300, 450]) {
    const name = `told${delay}`;
    const source = openHubSource({ url: hub.url, ca: hub.certificates.ca, ...hub.certificates.gateway });
    const starting = startTestGateway({ fixed: null, source, threads: 2, certificates: hub.certificates, flags });
    await setTimeout(delay);
    await hub.commit(testApi(name, backend.url, { security, clientCertificates }));
    const gateway = await starting;
    try {
      const ask = () =>
        new Promise<number | undefined>((resolve, reject) => {
          const options = { ...ann, agent: false, rejectUnauthorized: false };
          const made = request(`${gateway.https}/${name}/1.0.0/x`, options, (response) => {
            response.on('end', () => resolve(response.statusCode)).resume();
          });
          made.on('error', reject).end();
        });
      const from = performance.now();
      for (let wrong = 1; wrong > 0; ) {
        const statuses = await Promise.all(Array.from({ length: 16 }, ask));
        wrong = statuses.filter((status) => status !== 200).length;
        assert.ok(performance.now() - from < 5000, `after ${delay} ms: ${statuses}`);
      }
    } finally {
      await gateway.stop();
      await hub.commit({ kind: 'api', id: `${name}-id`, value: null });
    }
  }
});

test('a WebSocket is cut when the certificate that opened it is over, long before credentials are checked anew', async () => {
  const backend = await startWebSocketBackend();
  const security: Security = { schemes: [], mutualTls: 'mandatory' };
  const api = testApi('chat', backend.url, { security, clientCertificates: accepting(authority) });
  const gateway = await startTestGateway({ fixed: { entities: [two, api] } });
  try {
    await gateway.gateway.serving;
    const brief = await authority.issue('brief', { notBefore: minutes(-1), notAfter: new Date(Date.now() + 4_000) });
    const socket = connect({ port: Number(new URL(gateway.https).port), rejectUnauthorized: false, ...brief });
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    socket.write(
      'GET /chat/1.0.0/x HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const [head] = await once(socket, 'data');
    assert.match(String(head), /^HTTP\/1\.1 101 /);
    socket.resume();
    const from = Date.now();
    await closed;
    assert.ok(Date.now() - from < 20_000, `${Date.now() - from} ms`);
  } finally {
    await gateway.stop();
    await backend.close();
  }
});
