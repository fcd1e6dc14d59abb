/**
 * Certificates that a publisher uploads and takes back, from the REST API to what curl and openssl get at the gateway: also
 * on connections that are open, and in sessions that are resumed.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { type Agent, Agent as HttpsAgent, request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Answer, closeConnections } from '../../support/call.ts';
import { curl, shell } from '../../support/curl.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';
import { missing } from '../../support/servers.ts';

const skip = missing('openssl') || missing('curl');
const folder = newDataFolder();
const file = (name: string): string => join(folder, name);
const agents: Agent[] = [];
let backend: Backend;
let postern: Postern;
let publisher: RestClient;
let admin: RestClient;
let apiId: string;

before(async () => {
  if (skip) return;
  backend = await startBackend();
  postern = await startPostern({ args: ['--gateway.threads=2', '--gateway.wire=net'] });
  const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish', 'apim:bl_view', 'apim:bl_manage'];
  const authorization = await logIn(postern.server, { scopes });
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, authorization);
  admin = restClient(`${postern.server}/api/am/admin/v1`, authorization);
  const api = {
    name: 'Vault',
    context: '/vault',
    version: '1.0.0',
    policies: ['Unlimited'],
    securityScheme: ['mutualssl', 'mutualssl_mandatory'],
    operations: [
      { target: '/x', verb: 'GET' },
      { target: '/open', verb: 'GET', authType: 'None' },
    ],
    endpointConfig: { endpoint_type: 'http', production_endpoints: { url: backend.url } },
  };
  apiId = (await right(publisher.post('/apis', api))).id;
  await right(publisher.post(`/apis/change-lifecycle?apiId=${apiId}&action=Publish`));
  const made = await shell(`
    set -e; cd ${folder}
    for name in ann bob; do
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.crt -days 2 -subj /CN=$name
    done
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=Partners
    openssl req -newkey rsa:2048 -nodes -keyout partner.key -out partner.csr -subj /CN=partner
    openssl x509 -req -in partner.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out partner.crt -days 2`);
  assert.equal(made.status, 0, made.err);
});
after(async () => {
  for (const agent of agents) agent.destroy();
  closeConnections();
  await postern?.stop();
  await backend?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function right(asked: Promise<Answer>) {
  const answer = await asked;
  assert.ok(answer.status < 300, `${answer.status} ${answer.body}`);
  return answer.body === '' ? undefined : answer.json();
}

const part = (name: string) => ({ name: 'certificate', content: readFileSync(file(`${name}.crt`)), fileName: 'c.crt' });
const upload = (name: string, alias = name) =>
  right(
    publisher.form(`/apis/${apiId}/client-certificates`, [
      part(name),
      { name: 'alias', content: alias },
      { name: 'tier', content: 'Unlimited' },
    ]),
  );
const replace = (alias: string, name: string) =>
  right(publisher.form(`/apis/${apiId}/client-certificates/${alias}`, [part(name)], 'PUT'));
const remove = (alias: string) => right(publisher.delete(`/apis/${apiId}/client-certificates/${alias}`));

const pair = (name: string) => ({ cert: readFileSync(file(`${name}.crt`)), key: readFileSync(file(`${name}.key`)) });

/** A client that keeps the connection on which it was let in. */
function client(name: string): () => Promise<number> {
  const agent = new HttpsAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false, ...pair(name) });
  agents.push(agent);
  let first: unknown;
  return () =>
    new Promise((resolve, reject) => {
      const made = request(`${postern.https}/vault/1.0.0/x`, { agent }, (response) => {
        if (first) assert.equal(response.socket, first, 'it is another connection');
        // One that began when nobody was asked for certificates ends.
        else if (response.statusCode === 200) first = response.socket;
        response.on('end', () => resolve(response.statusCode ?? 0)).resume();
      });
      made.on('error', reject).end();
    });
}

/** Asks until the answer is that: the other thread may be a moment later than the one that answered before. */
async function becomes<T>(expected: T, ask: () => Promise<T>): Promise<void> {
  const from = performance.now();
  for (let found = await ask(); !isDeepStrictEqual(found, expected); found = await ask()) {
    assert.ok(performance.now() - from < 10_000, `expected ${expected}, still ${found}`);
  }
}

const byCurl = (name: string | null, path = 'x') =>
  curl(
    `curl -k ${name === null ? '' : `--cert ${file(`${name}.crt`)} --key ${file(`${name}.key`)}`} ${postern.https}/vault/1.0.0/${path}`,
  );

test('200 from curl with a certificate that was uploaded, 401/900911 with another one and with none', {
  skip,
}, async () => {
  assert.equal((await byCurl('ann')).status, 401);
  await upload('ann');
  await becomes(200, async () => (await byCurl('ann')).status);
  for (const name of ['bob', null]) {
    const { status, body } = await byCurl(name);
    assert.deepEqual([status, JSON.parse(body).fault.code], [401, 900911]);
  }
  // A certificate is mandatory for the whole API.
  assert.equal((await byCurl(null, 'open')).status, 401);
  await becomes(200, async () => (await byCurl('ann', 'open')).status);
});

test('401 on open connections as soon as the certificate is deleted or replaced; 200 when it is back', {
  skip,
}, async () => {
  const [ann, bob] = [client('ann'), client('bob')];
  await becomes(200, ann);
  assert.equal(await bob(), 401);
  await replace('ann', 'bob');
  await becomes(401, ann);
  await becomes(200, bob);
  await remove('ann');
  await becomes(401, bob);
  await upload('ann');
  await becomes(200, async () => (await byCurl('ann')).status);
});

test('from the answer that deletes a certificate to the first 401 on an open connection: under 100 ms', {
  skip,
}, async () => {
  const ann = client('ann');
  // So that certificates are asked for all the time: the connection stays.
  await upload('bob');
  const took: number[] = [];
  for (let round = 0; round < 5; round++) {
    await becomes(200, ann);
    await remove('ann');
    const from = performance.now();
    await becomes(401, ann);
    took.push(performance.now() - from);
    await upload('ann');
  }
  await remove('bob');
  // The median counts: other processes have the machine too.
  const median = took.toSorted((a, b) => a - b)[2] as number;
  assert.ok(median < 100, took.map((ms) => ms.toFixed(1)).join(', '));
});

test('a session that is resumed has its certificate: 200 while it is accepted, 401 when it is not', {
  skip,
}, async () => {
  const { hostname: host, port } = new URL(postern.https);
  const visit = async (session?: Buffer) => {
    const ticket: Buffer[] = [];
    const socket: TLSSocket = connect({
      host,
      port: Number(port),
      rejectUnauthorized: false,
      ...(session ? { session } : pair('ann')),
    });
    socket.on('session', (bytes) => void ticket.push(bytes));
    await once(socket, 'secureConnect');
    const reused = socket.isSessionReused();
    socket.write('GET /vault/1.0.0/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const piece of socket) text += piece;
    return { status: Number(text.slice(9, 12)), session: ticket.at(-1), reused };
  };
  await becomes(200, async () => (await byCurl('ann')).status);
  const { status, session } = await visit();
  assert.equal(status, 200);
  const again = async () => {
    const { status, reused } = await visit(session);
    return [status, reused];
  };
  assert.deepEqual(await again(), [200, true]);
  // While an API asks for certificates at all, sessions are resumed.
  await upload('bob');
  await remove('ann');
  await becomes([401, true], again);
  // Nobody is asked any more, nor later believed for a session of then.
  await remove('bob');
  await becomes(401, async () => (await byCurl('bob')).status);
  await upload('ann');
  await becomes(200, async () => (await byCurl('ann')).status);
  await becomes([401, false], again);
});

test('200 from openssl with a certificate of an authority that was uploaded, 403 while he is denied, 401 when it is deleted', {
  skip,
}, async () => {
  const { host } = new URL(postern.https);
  const ask = async (): Promise<number> => {
    const { out, err } = await shell(
      `printf 'GET /vault/1.0.0/x HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n' | ` +
        `openssl s_client -quiet -connect ${host} -cert ${file('partner.crt')} -key ${file('partner.key')}`,
    );
    assert.match(out, /^HTTP\/1\.1 \d{3}/, err);
    return Number(out.slice(9, 12));
  };
  assert.equal(await ask(), 401);
  await upload('ca');
  await becomes(200, ask);
  // One of those that it has issued is shut out.
  const condition = { conditionType: 'USER', conditionValue: 'CN=partner', conditionStatus: true };
  const { conditionId } = await right(admin.post('/throttling/blacklist', condition));
  await becomes(403, ask);
  await right(admin.delete(`/throttling/blacklist/${conditionId}`));
  await becomes(200, ask);
  await remove('ca');
  await becomes(401, ask);
});
