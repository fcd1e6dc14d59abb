/**
 * The HTTPS server that the key manager and the control plane share: fastify, with errors in one JSON form, client
 * certificates asked for but not demanded, and a close that doesn't wait for ever.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { issuedAt } from './authority.ts';
import { type CertificateAndKey, gatewayUnit } from './certificates.ts';
import type { Log } from './log.ts';
import { errorBody, RestError } from './rest-error.ts';

export interface RestServerOptions {
  readonly tls: CertificateAndKey;
  /** Authority of the client certificates that are believed, PEM. */
  readonly ca: string;
  readonly log: Log;
  /** Whether `/ready` answers 200, or a text that says why not; default: always. */
  readonly ready?: () => boolean | string | Promise<boolean | string>;
  /** Bytes of a request body at most. Default 1 MiB. */
  readonly bodyLimit?: number;
  /** Bytes of a request head at most. Default 16 KiB. */
  readonly maxHeaderSize?: number;
  /** Milliseconds an idle connection is kept. Default 72,000: more than the minute after which common clients let go. */
  readonly keepAliveTimeout?: number;
  /** Milliseconds for a request to arrive whole. Default 30,000. */
  readonly requestTimeout?: number;
  /** Milliseconds after which `close()` cuts what is still open. Default 5000. */
  readonly closeTimeout?: number;
}

/**
 * Long-lived answers have to be ended in a `preClose` hook; whatever is left after `closeTimeout` is cut.
 * Routes refuse with `RestError`.
 */
export function createRestServer(options: RestServerOptions): FastifyInstance {
  const requestTimeout = options.requestTimeout ?? 30_000;
  const bodyLimit = options.bodyLimit ?? 1_048_576;
  const app = fastify({
    https: {
      ...secureOptions(options.tls, options.ca),
      // Most callers have no certificate; a route that needs one looks for it with `isEnrolledGateway`.
      requestCert: true,
      rejectUnauthorized: false,
      maxHeaderSize: options.maxHeaderSize ?? 16_384,
      headersTimeout: Math.min(requestTimeout, 15_000),
    },
    // Its own "listening" is not worth a line: who starts it says where.
    loggerInstance: options.log.child({}, { level: atLeastWarn(options.log.level) }),
    // URLs can hold codes and tokens.
    logController: new LogController({ disableRequestLogging: true }),
    // A logger for each request costs as much as a query, and few have anything to log.
    childLoggerFactory: (log) => log,
    bodyLimit,
    keepAliveTimeout: options.keepAliveTimeout ?? 72_000,
    requestTimeout,
    // Requests that still arrive on open connections while closing are served; their connections are closed after.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1000 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => void send(reply, error.statusCode ?? 400, error.message),
    // The one place where fastify's types for HTTPS and for HTTP part; users of the server need not know which it is.
  }) as unknown as FastifyInstance;

  const routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', (route) => {
    routes.push({ path: pathPattern(route.url), methods: [route.method].flat() });
  });
  app.setErrorHandler<FastifyError | RestError>((error, request, reply) => {
    if (error instanceof RestError) {
      if (error.cause && !error.isLogged)
        request.log.error({ err: error.cause, route: request.routeOptions.url }, 'request failed');
      return send(reply.headers(error.headers), error.status, error.message, error.items);
    }
    if (error.validation) {
      const items = error.validation.map((v) => ({
        code: v.keyword,
        message: `${v.instancePath} ${v.message}`.trim(),
      }));
      return send(reply, 400, error.message, items);
    }
    const status = error.statusCode ?? 500;
    if (status === 413) {
      // The rest of the body is read and dropped: a connection closed with unread bytes is reset, and takes the answer with it.
      request.raw.resume();
      reply.removeHeader('connection');
      const allowed = request.routeOptions.bodyLimit ?? bodyLimit;
      return send(reply, status, `The body is larger than the ${allowed} bytes allowed.`);
    }
    if (status < 500) return send(reply, status, error.message);
    request.log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed');
    return send(reply, status, 'The server could not complete the request; its log has the cause.');
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] as string;
    const allowed = new Set(routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods));
    if (allowed.size === 0 || allowed.has(request.method)) return send(reply, 404, `There is nothing at ${path}.`);
    const allow = [...allowed].sort().join(', ');
    return send(reply.header('allow', allow), 405, `${path} has no method ${request.method}; it has ${allow}.`);
  });

  app.get('/health', async () => ({ status: 'healthy' }));
  app.get('/ready', async (_request, reply) => {
    const ready = (await options.ready?.()) ?? true;
    if (ready === true) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready', ...(ready !== false && { description: ready }) });
  });

  app.addHook('preClose', async () => {
    setTimeout(() => app.server.closeAllConnections(), options.closeTimeout ?? 5000).unref();
  });
  return app;
}

/** Shows this certificate from now on; connections go on. */
export function useCertificate(app: FastifyInstance, { tls, ca }: Pick<RestServerOptions, 'tls' | 'ca'>): void {
  (app.server as unknown as Server).setSecureContext(secureOptions(tls, ca));
}

function secureOptions({ cert, key }: CertificateAndKey, ca: string) {
  return { cert, key, ca, minVersion: 'TLSv1.2' } as const;
}

function atLeastWarn(level: string): string {
  return ['trace', 'debug', 'info'].includes(level) ? 'warn' : level;
}

/** The certificate with which a gateway has come. */
export interface GatewayCertificate {
  /** Of the gateway: its common name. */
  readonly name: string;
  /** SHA-256, hexadecimal, with colons. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
}

/** A connection has one certificate for all its life. */
const certificates = new WeakMap<Socket, GatewayCertificate | null>();

/** The certificate of a gateway, issued by our authority, that the client of a connection showed; null = none. */
export function gatewayCertificateOf(socket: TLSSocket): GatewayCertificate | null {
  let known = certificates.get(socket);
  if (known === undefined) certificates.set(socket, (known = readCertificate(socket)));
  return known;
}

function readCertificate(socket: TLSSocket): GatewayCertificate | null {
  if (!socket.authorized) return null;
  const { subject, fingerprint256, valid_from } = socket.getPeerCertificate();
  if (![subject?.OU].flat().includes(gatewayUnit)) return null;
  return {
    name: [subject.CN].flat()[0] ?? '',
    fingerprint: fingerprint256,
    issuedAt: issuedAt(new Date(valid_from)),
  };
}

/** Whether the client showed the certificate of a gateway, issued by our authority. */
export function isEnrolledGateway(request: FastifyRequest): boolean {
  return gatewayCertificateOf(request.raw.socket as TLSSocket) !== null;
}

function send(reply: FastifyReply, status: number, description: string, items: RestError['items'] = []): FastifyReply {
  return reply
    .code(status)
    .type('application/json')
    .send(errorBody(status, description, items));
}

/** Matches the paths of a route, as fastify's router does: `:name` is one segment, `*` the rest. */
function pathPattern(url: string): RegExp {
  const parts = url.split(/(:[A-Za-z0-9_]+(?:\([^)]*\))?|\*)/);
  const source = parts.map((part, at) => {
    if (at % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return part === '*' ? '.*' : '[^/]+';
  });
  return new RegExp(`^${source.join('')}$`);
}

const clientErrors: Readonly<Record<string, readonly [status: number, description: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The head of the request is over the limit of this server.'],
};

/**
 * Answers what is no HTTP request. The rest of the input is read and dropped for a moment: closing on unread input
 * would make the kernel send a reset, which can overtake the answer.
 */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // The parser reports every further piece of the same input.
  if (socket.writableEnded) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, description] = clientErrors[error.code ?? ''] ?? [400, 'The request is not valid HTTP/1.1.'];
  const body = JSON.stringify(errorBody(status, description));
  setTimeout(() => socket.destroy(), 1000).unref();
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
