/**
 * What a team would write in TypeScript: fastify, undici to the back end, jose for the tokens, whose verification is
 * remembered. A process of its own: `fastify-stack.ts PORT BACK-END ISSUER KEY-FILE`. It does less than the gateway: no
 * subscriptions, limits, revocations or metrics.
 */
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { fileURLToPath } from 'node:url';
import { fastify } from 'fastify';
import { importSPKI, type JWTPayload, jwtVerify } from 'jose';
import { Pool } from 'undici';
import { type PinnedProcess, startPinned } from './pinned-process.ts';

/** As many as the gateway remembers, for each thread. */
const remembered = 10_000;
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'proxy-authorization'];

export interface FastifySetup {
  readonly port: number;
  readonly backEnd: number;
  readonly issuer: string;
  /** PEM file of the issuer's RSA key. */
  readonly keyFile: string;
  /** What the token must have. */
  readonly scope: string;
}

export function startFastifyStack({ port, backEnd, issuer, keyFile, scope }: FastifySetup): Promise<PinnedProcess> {
  const args = [fileURLToPath(import.meta.url), String(port), String(backEnd), issuer, keyFile, scope];
  return startPinned('measured', process.execPath, args, port);
}

async function serve({ port, backEnd, issuer, keyFile, scope }: FastifySetup): Promise<void> {
  const key = await importSPKI(readFileSync(keyFile, 'utf8'), 'RS256');
  const verified = new Map<string, JWTPayload>();
  const pool = new Pool(`http://127.0.0.1:${backEnd}`, { connections: 256 });
  const app = fastify({ logger: false });

  const claimsOf = async (credentials: string): Promise<JWTPayload> => {
    const known = verified.get(credentials);
    if (known !== undefined && (known.exp ?? 0) * 1000 > Date.now()) return known;
    const { payload } = await jwtVerify(credentials.replace(/^Bearer /, ''), key, { issuer, algorithms: ['RS256'] });
    if (verified.size >= remembered) verified.delete(verified.keys().next().value as string);
    verified.set(credentials, payload);
    return payload;
  };

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    const claims = await claimsOf(request.headers.authorization ?? '').catch(() => null);
    if (claims === null) return reply.code(401).send();
    if (!String(claims.scope).split(' ').includes(scope)) return reply.code(403).send();
  });
  app.all('/*', async (request, reply) => {
    const headers: IncomingHttpHeaders = { ...request.headers, 'x-forwarded-for': request.ip };
    for (const name of [...hopByHop, 'authorization', 'host']) delete headers[name];
    const answer = await pool.request({
      method: request.method as 'GET',
      path: request.url,
      headers,
      body: (request.body as NodeJS.ReadableStream | undefined) === undefined ? null : request.raw,
    });
    const fields = { ...answer.headers };
    for (const name of hopByHop) delete fields[name];
    return reply.code(answer.statusCode).headers(fields).send(answer.body);
  });
  await app.listen({ host: '127.0.0.1', port });
}

if (import.meta.main) {
  const [port, backEnd, issuer = '', keyFile = '', scope = ''] = process.argv.slice(2);
  await serve({ port: Number(port), backEnd: Number(backEnd), issuer, keyFile, scope });
}
