/**
 * A key manager over HTTPS that lets ask about tokens only who has an access token itself, as many foreign ones do: our
 * own, with a guard before its introspection endpoint.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificates } from '../../src/platform/certificates.ts';
import type { AuthorizationServer } from '../conformance/authorization-server.ts';
import { serveAsHub } from './hub.ts';

export interface GuardedIntrospection {
  readonly url: string;
  /** Forms that the token endpoint got, and how their clients showed who they are. */
  readonly tokenRequests: { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  /** Requests to the introspection endpoint, refused ones among them. */
  introspections: number;
  /** Makes the guard believe a token that it has not given out. */
  trust(token: string): void;
  /** Makes the guard refuse every token that it knows by now. */
  distrust(): void;
  /** Seconds that tokens are said to live; null = nothing is said. */
  expiresIn: number | null | undefined;
  /** An Authorization value that will do, too. */
  allowBasic: string | null;
  close(): Promise<void>;
}

export async function startGuardedIntrospection(
  server: AuthorizationServer,
  certificates: Certificates,
): Promise<GuardedIntrospection> {
  const trusted = new Set<string>();
  const pass = async (path: string, body: string, headers: Record<string, string>) => {
    const answer = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body,
    });
    return { status: answer.status, body: await answer.text() };
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { authorization } = request.headers;
    const send = (status: number, text: string) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    if (request.url === '/oauth2/token') {
      guarded.tokenRequests.push({ form: new URLSearchParams(body), authorization });
      const answer = await pass('/oauth2/token', body, authorization === undefined ? {} : { authorization });
      if (answer.status !== 200) return send(answer.status, answer.body);
      const token = JSON.parse(answer.body) as Record<string, unknown>;
      trusted.add(String(token.access_token));
      const { expiresIn } = guarded;
      if (expiresIn === null) delete token.expires_in;
      else if (expiresIn !== undefined) token.expires_in = expiresIn;
      return send(200, JSON.stringify(token));
    }
    guarded.introspections++;
    const bearer = authorization?.replace(/^Bearer /, '') ?? '';
    if (authorization !== guarded.allowBasic && !trusted.has(bearer)) return send(401, '{}');
    const answer = await pass('/oauth2/introspect', body, { 'x-gateway': 'yes' });
    send(answer.status, answer.body);
  };
  const front = await serveAsHub(certificates, (request, response) => void handle(request, response));
  const guarded: GuardedIntrospection = {
    url: front.url,
    tokenRequests: [],
    introspections: 0,
    expiresIn: undefined,
    allowBasic: null,
    trust: (token) => void trusted.add(token),
    distrust: () => trusted.clear(),
    close: front.close,
  };
  return guarded;
}
