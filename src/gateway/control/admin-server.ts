/** The admin port of a gateway, on loopback only: `/metrics`, `/status`, `/health`, `/ready`. */
import { createServer, type Server } from 'node:http';
import { portError } from '../../platform/ports.ts';

export interface AdminPages {
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** Anything that JSON can say. */
  readonly status: () => unknown;
  readonly ready: () => boolean;
}

/** Listens on 127.0.0.1. Resolves with the server and its port. @throws ListenError */
export async function startAdminServer(port: number, pages: AdminPages): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const json = (status: number, value: unknown): void =>
      send(status, 'application/json; charset=utf-8', `${JSON.stringify(value, null, 2)}\n`);
    // A page in a browser of this machine could reach us by a name of its own that leads to loopback.
    if (!/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(request.headers.host ?? 'localhost')) {
      return json(403, { code: 403, message: 'Forbidden', description: 'Ask for localhost or 127.0.0.1.' });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return json(405, { code: 405, message: 'Method Not Allowed' });
    }
    switch ((request.url ?? '/').split('?', 1)[0]) {
      case '/metrics':
        return void pages.metrics().then(
          (text) => send(200, 'text/plain; version=0.0.4; charset=utf-8', text),
          () => json(500, { code: 500, message: 'The metrics could not be collected.' }),
        );
      case '/status':
        return json(200, pages.status());
      case '/health':
        return json(200, { status: 'healthy' });
      case '/ready':
        return pages.ready() ? json(200, { ready: true }) : json(503, { ready: false });
      default:
        return json(404, {
          code: 404,
          message: 'Not Found',
          description: 'There are /metrics, /status, /health and /ready.',
        });
    }
  });
  const host = '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portError(error, host, port, 'gateway.adminPort')));
    server.listen({ host, port }, resolve);
  });
  return { server, port: (server.address() as { port: number }).port };
}
