/**
 * A WebSocket server (RFC 6455) as a back end: it echoes text in frames of its own, unless it is told to do something else.
 * As little as it knows (one frame a message, up to 64 kB, no extensions), the client beside it knows it all.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface WebSocketBackend {
  readonly url: string;
  /** Requests for a WebSocket up to now. */
  asked: number;
  /** The requests that opened connections, and those that were none for it. */
  readonly opened: IncomingMessage[];
  readonly refused: IncomingMessage[];
  /** Connections that are open. */
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

const text = 1;
const closing = 8;

/** @param agrees false = it answers 403 to every request for a WebSocket; it may take its time to decide */
export async function startWebSocketBackend(agrees: boolean | Promise<boolean> = true): Promise<WebSocketBackend> {
  const server = createServer((request, response) => {
    backend.refused.push(request);
    response.writeHead(426, { upgrade: 'websocket', connection: 'upgrade' }).end('use a WebSocket');
  });
  server.on('upgrade', async (request: IncomingMessage, socket: Socket, early: Buffer) => {
    backend.asked++;
    if (!(await agrees)) {
      backend.refused.push(request);
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      return;
    }
    backend.opened.push(request);
    backend.sockets.add(socket);
    socket.on('close', () => backend.sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    let waiting = early;
    const read = (bytes: Buffer): void => {
      waiting = Buffer.concat([waiting, bytes]);
      for (let frame = take(waiting); frame; frame = take(waiting)) {
        waiting = waiting.subarray(frame.end);
        if (frame.kind === text) socket.write(frameOf(text, frame.payload));
        if (frame.kind === closing) socket.end(frameOf(closing, frame.payload));
      }
    };
    socket.on('data', read);
    read(Buffer.alloc(0));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const backend: WebSocketBackend = {
    url: `http://127.0.0.1:${port}`,
    asked: 0,
    opened: [],
    refused: [],
    sockets: new Set(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of backend.sockets) socket.destroy();
      }),
  };
  return backend;
}

/** A whole frame of a client; its payload unmasked. */
function take(bytes: Buffer): { kind: number; payload: Buffer; end: number } | null {
  const short = (bytes[1] ?? 0) & 0x7f;
  const begin = short === 126 ? 8 : 6;
  if (bytes.length < begin) return null;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < begin + length) return null;
  const mask = bytes.subarray(begin - 4, begin);
  const payload = Buffer.from(bytes.subarray(begin, begin + length));
  for (let at = 0; at < length; at++) payload[at] = (payload[at] as number) ^ (mask[at % 4] as number);
  return { kind: (bytes[0] as number) & 0x0f, payload, end: begin + length };
}

function frameOf(kind: number, payload: Buffer): Buffer {
  const head =
    payload.length < 126 ? Buffer.from([0x80 | kind, payload.length]) : Buffer.from([0x80 | kind, 126, 0, 0]);
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
