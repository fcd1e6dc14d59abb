/** A client of HTTP/2, on Node's own, for what is right; what is wrong is sent frame by frame (frames.ts). */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { TestContext } from 'node:test';
import { FramePeer } from './frames.ts';

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What the stream ended with; 0 = whole. */
  readonly code: number;
}

export async function session(t: TestContext, port: number, ca?: string): Promise<ClientHttp2Session> {
  const client = connect(ca ? `https://localhost:${port}` : `http://127.0.0.1:${port}`, ca ? { ca } : {});
  client.on('error', () => {});
  t.after(() => client.destroy());
  await once(client, 'remoteSettings');
  return client;
}

/** Sends a request and reads all of its answer, or as much as comes. */
export async function ask(
  client: ClientHttp2Session,
  fields: OutgoingHttpHeaders = {},
  body?: string | Buffer,
): Promise<Http2Answer> {
  const stream = client.request(fields, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

export function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let headers: IncomingHttpHeaders = {};
  let body = '';
  stream.on('response', (received) => {
    headers = received;
  });
  stream.on('data', (chunk) => {
    body += chunk.toString('latin1');
  });
  stream.on('error', () => {});
  return new Promise((resolve) =>
    stream.on('close', () =>
      resolve({ status: Number(headers[':status'] ?? 0), headers, body, code: stream.rstCode ?? 0 }),
    ),
  );
}

export async function frames(t: TestContext, port: number): Promise<FramePeer> {
  const socket = connectTcp(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return new FramePeer(socket);
}
