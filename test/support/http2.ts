/** A client and a back end of HTTP/2, on Node's own. */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it expects
  json(): any;
}

/** A connection; certificates are not checked. */
export async function openHttp2(url: string): Promise<ClientHttp2Session> {
  const session = connect(url, { rejectUnauthorized: false });
  await once(session, 'remoteSettings');
  return session;
}

export function callHttp2(
  session: ClientHttp2Session,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ...headers, ':method': method, ':path': path }, { endStream: body === undefined });
    let answer: IncomingHttpHeaders = {};
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (received) => {
      answer = received;
    });
    stream.on('data', (chunk) => void (text += String(chunk)));
    stream.on('error', reject);
    stream.on('close', () => {
      if (stream.rstCode !== 0) return reject(new Error(`the stream was reset with ${stream.rstCode}`));
      resolve({ status: Number(answer[':status']), headers: answer, body: text, json: () => JSON.parse(text) });
    });
    if (body !== undefined) stream.end(body);
  });
}

export interface Http2Backend {
  readonly url: string;
  /** Connections up to now. */
  connections: number;
  close(): void;
}

/** Speaks HTTP/2 without TLS and nothing else, and answers what it was asked, as JSON. */
export async function startHttp2Backend(): Promise<Http2Backend> {
  const server = createServer();
  const open = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    backend.connections++;
    open.add(session);
    session.on('error', () => {}).on('close', () => open.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    let body = '';
    stream.on('error', () => {});
    stream.on('data', (chunk) => void (body += String(chunk)));
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end(JSON.stringify({ method: headers[':method'], url: headers[':path'], headers, body }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const backend: Http2Backend = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    close() {
      server.close();
      for (const session of open) session.destroy();
    },
  };
  return backend;
}
