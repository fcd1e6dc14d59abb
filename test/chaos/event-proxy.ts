/**
 * A proxy that ends TLS on both sides, with the certificates of the two, and mistreats the lines of the event stream.
 * Everything else goes through as it is.
 */
import https from 'node:https';
import { PassThrough, type Writable } from 'node:stream';
import type { Certificates } from '../../src/platform/certificates.ts';
import { LineSplitter } from '../../src/platform/line-splitter.ts';
import type { Random } from './random.ts';

/** `drop`, `duplicate`, `reorder`: some of the lines. `mute`: the stream is accepted and nothing is delivered. */
export type EventMode = 'pass' | 'drop' | 'duplicate' | 'reorder' | 'mute';

export interface EventProxy {
  set(mode: EventMode): void;
  close(): Promise<void>;
}

/** Share of the lines that are mistreated. */
const share = 0.3;
const maxLine = 16 * 1024 * 1024;

/** From a port of its own to a key manager's, both on loopback. */
export async function startEventProxy(
  port: number,
  target: number,
  { ca, server: own, gateway }: Certificates,
  random: Random,
): Promise<EventProxy> {
  let mode: EventMode = 'pass';
  const agent = new https.Agent({ keepAlive: true, ca, ...gateway });
  const server = https.createServer({ ...own, noDelay: true }, (request, response) => {
    const { method, url, headers } = request;
    const onward = https.request({ host: 'localhost', port: target, method, path: url, headers, agent });
    request.pipe(onward);
    // Whoever fails, the other one sees a broken connection.
    onward.on('error', () => response.destroy());
    request.on('error', () => onward.destroy());
    response.on('error', () => {}).on('close', () => onward.destroy());
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy());
      if (!url?.startsWith('/internal/data/v1/events')) return void answer.pipe(response);
      response.flushHeaders();
      answer.pipe(mistreat(() => mode, random)).pipe(response);
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    set(next) {
      mode = next;
    },
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function mistreat(mode: () => EventMode, random: Random): Writable & NodeJS.ReadableStream {
  const out = new PassThrough();
  const splitter = new LineSplitter(maxLine);
  let held: string | null = null;
  return out.compose(async function* (pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) {
      for (const line of splitter.push(piece)) {
        const now = mode();
        const chosen = now !== 'pass' && random.next() < share;
        if (now === 'mute' || (now === 'drop' && chosen)) continue;
        if (now === 'reorder' && chosen && held === null) {
          held = line;
          continue;
        }
        const lines = now === 'duplicate' && chosen ? [line, line] : [line];
        if (held !== null) lines.push(held);
        held = null;
        yield `${lines.join('\n')}\n`;
      }
    }
  }) as unknown as Writable & NodeJS.ReadableStream;
}
