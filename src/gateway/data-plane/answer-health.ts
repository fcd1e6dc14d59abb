/** `GET /health` on the ports of a microgateway: the process is up, whether or not it serves traffic yet. */
import type { LocalAnswer, ServerExchange } from '../../wire/wire.ts';

const healthy: LocalAnswer = {
  status: 200,
  fields: [
    ['content-type', 'application/json; charset=utf-8'],
    ['cache-control', 'no-store'],
  ],
  body: JSON.stringify({ status: 'healthy' }),
};

/** Answers it, and leaves everything else to `handle`. */
export function answerHealth(handle: (wire: ServerExchange) => void): (wire: ServerExchange) => void {
  return (wire) => {
    const { target, method } = wire;
    const asked = target === '/health' || target.startsWith('/health?');
    if (asked && (method === 'GET' || method === 'HEAD')) wire.respond(healthy);
    else handle(wire);
  };
}
