/** Sends one request to an environment, with its certificates and time-out. Nothing is followed: a token goes nowhere else. */
import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import { Agent, request as sendRequest } from 'undici';
import { readStream, TooLongError } from '../../platform/read-stream.ts';
import type { Environment } from './environments.ts';
import { RemoteError, unreachable } from './remote-error.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Bytes of the answer at most. Default 16 MiB. */
  readonly maxBytes?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly bytes: Buffer;
  /** @throws RemoteError when the body is no JSON */
  json<T>(): T;
}

export interface Http {
  /** @throws RemoteError when nobody answers (in time), with a certificate that is not believed, or with too much */
  send(url: string, request?: HttpRequest): Promise<HttpAnswer>;
  /** Lets the connections go, so that the process can end. */
  close(): Promise<void>;
}

const defaultMaxBytes = 16 << 20;

/** @param insecure believe every certificate */
export function openHttp(environment: Environment, { insecure }: { insecure: boolean }): Http {
  const { ca, timeout } = environment;
  const agent = new Agent({
    connect: {
      rejectUnauthorized: !insecure,
      timeout: Math.min(timeout, 10_000),
      ca: [
        ...getCACertificates('default'),
        ...getCACertificates('system'),
        ...(ca === undefined ? [] : [readFileSync(ca, 'utf8')]),
      ],
    },
    headersTimeout: timeout,
    bodyTimeout: timeout,
  });
  return {
    async send(url, { method = 'GET', headers = {}, body, maxBytes = defaultMaxBytes } = {}) {
      try {
        const signal = AbortSignal.timeout(timeout);
        const response = await sendRequest(url, { method, headers, dispatcher: agent, signal, body: body ?? null });
        // Nothing is asked for that would have to be unpacked, and undici unpacks nothing here.
        const bytes = await readStream(response.body, maxBytes);
        return { status: response.statusCode, bytes, json: () => parse(url, bytes) };
      } catch (error) {
        throw explained(error, url, environment);
      }
    },
    close: () => agent.close(),
  };
}

function parse<T>(url: string, bytes: Buffer): T {
  try {
    return JSON.parse(bytes.toString('utf8')) as T;
  } catch {
    throw new RemoteError(`${url} answered with something that is no JSON; is it a control plane?`);
  }
}

function explained(error: unknown, url: string, { name, timeout }: Environment): RemoteError {
  const cause = ((error as Error).cause ?? error) as Error & { code?: string };
  const { host } = new URL(url);
  if (cause instanceof TooLongError) return new RemoteError(`the answer of ${url} ${cause.message}`);
  if (cause.name === 'TimeoutError' || /TIMEOUT/i.test(cause.code ?? '')) {
    return unreachable(
      `${host} did not answer within ${timeout} ms (\`postern env set ${name} --timeout\` changes that)`,
    );
  }
  if (/CERT|SIGNATURE|ISSUER|ALTNAME/i.test(cause.code ?? '')) {
    return unreachable(
      `the certificate of ${host} is not believed (${cause.code}); \`postern env set ${name} --ca FILE\` names an authority to believe`,
    );
  }
  return unreachable(`${host} can't be reached (${cause.code ?? cause.message})`);
}
