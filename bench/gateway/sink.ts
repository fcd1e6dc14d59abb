/** A back end that reads whatever is sent to it and answers when it has it all; a process of its own: `sink.ts PORT`. */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type PinnedProcess, startPinned } from './pinned-process.ts';

export function startSink(port: number): Promise<PinnedProcess> {
  return startPinned('other', process.execPath, [fileURLToPath(import.meta.url), String(port)], port);
}

function serve(port: number): void {
  const server = createServer({ keepAliveTimeout: 600_000, highWaterMark: 256 * 1024 }, (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => void (bytes += chunk.length));
    request.on('end', () => {
      const answer = JSON.stringify({ bytes });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
    });
  });
  server.listen(port, '127.0.0.1');
}

if (import.meta.main) serve(Number(process.argv[2]));
