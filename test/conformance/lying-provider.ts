/**
 * A provider of OpenID Connect for tests: right in all that it does, but for the lies that it is told to tell. Whoever comes is logged
 * in at once, as jane.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';

type Claims = Readonly<Record<string, unknown>>;

/** `undefined` takes away what is there. */
export interface Lies {
  /** Of its metadata. */
  readonly metadata?: Claims;
  /** Parameters of its answer to the browser; null = none of that name. */
  readonly answer?: Readonly<Record<string, string | null>>;
  readonly claims?: Claims;
  readonly header?: Claims;
  readonly userInfo?: Claims;
  /** Makes the id token. Default: it signs the claims. */
  readonly idToken?: (claims: Claims, header: Claims) => string | Promise<string>;
  /** It takes codes again, whoever's verifier comes with them. */
  readonly careless?: boolean;
  /** It sends browsers there. */
  readonly sendsTo?: (asked: URLSearchParams) => string;
  /** Answers everything else than that. */
  readonly answers?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface Asked {
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly authorization: string | undefined;
}

export interface LyingProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** From now on. */
  lies: Lies;
  /** What it was asked, oldest first. */
  readonly asked: Asked[];
  /** It signs with another key. */
  changeKey(): Promise<void>;
}

export async function startLyingProvider(): Promise<LyingProvider> {
  let key = await newKey('first');
  const codes = new Map<string, URLSearchParams>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: LyingProvider = {
    ...{ issuer, clientId: 'postern', clientSecret: 'a secret: with + and %', lies: {}, asked: [] },
    async changeKey() {
      key = await newKey('second');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { lies } = provider;
    const url = new URL(request.url ?? '', issuer);
    const parameters = request.method === 'POST' ? new URLSearchParams(await text(request)) : url.searchParams;
    const { authorization } = request.headers;
    provider.asked.push({ path: url.pathname, parameters, authorization });
    if (lies.answers?.(request, response)) return;
    const json = (body: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url.pathname === '/.well-known/openid-configuration') {
      return void json({
        issuer,
        authorization_endpoint: `${issuer}/authorize?tenant=1`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        userinfo_endpoint: `${issuer}/userinfo`,
        authorization_response_iss_parameter_supported: true,
        ...lies.metadata,
      });
    }
    if (url.pathname === '/keys') return void json({ keys: [key.publicJwk] });
    if (url.pathname === '/authorize') {
      if (lies.sendsTo) return void response.writeHead(303, { location: lies.sendsTo(parameters) }).end();
      const code = randomBytes(16).toString('base64url');
      codes.set(code, parameters);
      const back = new URL(parameters.get('redirect_uri') ?? '');
      const said = { code, state: parameters.get('state'), iss: issuer, ...lies.answer };
      for (const [name, value] of Object.entries(said)) if (value !== null) back.searchParams.set(name, value);
      return void response.writeHead(303, { location: back.href }).end();
    }
    if (url.pathname === '/token') {
      const begun = codes.get(parameters.get('code') ?? '');
      const basic = `Basic ${Buffer.from('postern:a+secret%3A+with+%2B+and+%25').toString('base64')}`;
      const verifier = createHash('sha256')
        .update(parameters.get('code_verifier') ?? '')
        .digest('base64url');
      const isGood =
        begun?.get('redirect_uri') === parameters.get('redirect_uri') &&
        verifier === begun?.get('code_challenge') &&
        authorization === basic;
      if (!begun || !(isGood || lies.careless)) return void json({ error: 'invalid_grant' }, 400);
      if (!lies.careless) codes.delete(parameters.get('code') ?? '');
      const now = Math.floor(Date.now() / 1000);
      const access_token = randomBytes(16).toString('base64url');
      const claims: Claims = {
        ...{ iss: issuer, sub: 'jane', aud: 'postern', iat: now, exp: now + 300, auth_time: now, amr: ['pwd', 'otp'] },
        nonce: begun.get('nonce'),
        at_hash: createHash('sha256').update(access_token).digest().subarray(0, 16).toString('base64url'),
        ...lies.claims,
      };
      const header = { alg: 'ES256', kid: key.publicJwk.kid, ...lies.header };
      const sign = () =>
        new SignJWT({ ...claims }).setProtectedHeader(header as JWTHeaderParameters).sign(key.privateKey);
      const id_token = await (lies.idToken ? lies.idToken(claims, header) : sign());
      return void json({ access_token, token_type: 'Bearer', expires_in: 300, id_token });
    }
    if (url.pathname === '/userinfo') {
      return void json({ sub: 'jane', name: 'Jane Doe', email: 'jane@corp.example', ...lies.userInfo });
    }
    json({}, 404);
  }
}

async function newKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
}
