/** A back end of a test's own, on a free port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface Backend {
  readonly url: string;
  readonly server: Server;
  /** Requests up to now. */
  requests: number;
  close(): Promise<void>;
}

/** Answers what it was asked, as JSON, unless `answer` does something else. */
export async function startBackend(
  answer: (request: IncomingMessage, response: ServerResponse) => void = echo,
): Promise<Backend> {
  const server = createServer((request, response) => {
    backend.requests++;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const backend: Backend = {
    url: `http://127.0.0.1:${port}`,
    server,
    requests: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return backend;
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => void (body += chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ method, url, headers, body }));
  });
}
