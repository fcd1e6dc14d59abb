/** The REST APIs of an environment, called as whoever is logged in there. Access tokens are renewed by themselves. */
import { type Environment, findEnvironment } from './environments.ts';
import { type Http, type HttpAnswer, openHttp } from './http.ts';
import { describe, renew } from './log-in.ts';
import { notFound, notLoggedIn, RemoteError } from './remote-error.ts';
import { readSession, type Session, writeSession } from './sessions.ts';

export type RestName = 'publisher' | 'store' | 'admin';

export interface ConnectOptions {
  /** Believe every certificate (`-k`). */
  readonly insecure?: boolean;
}

/** What a command is told that talks to a control plane. */
export interface EnvironmentOptions extends ConnectOptions {
  readonly environment: string;
}

/** An access token that ends this soon is renewed first, milliseconds. */
const margin = 10_000;
/** Bytes of an archive at most; docs/cli.md. */
const maxArchive = 64 << 20;

export class Connection {
  readonly environment: Environment;
  readonly http: Http;
  #session: Session;
  #received = 0;

  /** @throws RemoteError 3 when nobody is logged in, UsageError when there is no such environment */
  constructor(name: string, { insecure = false }: ConnectOptions) {
    this.environment = findEnvironment(name);
    const session = readSession(name);
    if (!session) throw notLoggedIn(`nobody is logged in to ${name}: postern login ${name}`);
    this.#session = session;
    this.http = openHttp(this.environment, { insecure });
  }

  get user(): string {
    return this.#session.user;
  }

  /** Bytes of all answers up to now. */
  get received(): number {
    return this.#received;
  }

  /** A list: all that is asked for are lists. @throws RemoteError when the answer is none */
  async get<T>(api: RestName, path: string): Promise<T> {
    const value = await this.#json<{ readonly list?: unknown }>(api, 'GET', path);
    if (Array.isArray(value.list) && value.list.every(isObject)) return value as T;
    throw new RemoteError(`${this.#url(api, path)} answered with something that is no list of a control plane`);
  }

  post<T>(api: RestName, path: string, body?: unknown): Promise<T> {
    return this.#json(api, 'POST', path, body);
  }

  put<T>(api: RestName, path: string, body: unknown): Promise<T> {
    return this.#json(api, 'PUT', path, body);
  }

  /** A file of a multipart form, under the name `file`. */
  upload(api: RestName, path: string, fileName: string, content: Uint8Array): Promise<HttpAnswer> {
    const boundary = `postern-${Date.now().toString(36)}-${process.pid}`;
    const head =
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${fileName}"\r\n` +
      'content-type: application/zip\r\n\r\n';
    const body = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    return this.send(api, 'POST', path, body, { 'content-type': `multipart/form-data; boundary=${boundary}` });
  }

  /** An archive, which may be longer than other answers. */
  async download(api: RestName, path: string): Promise<Buffer> {
    return (await this.send(api, 'GET', path, undefined, {}, maxArchive)).bytes;
  }

  /** The answer, whatever its status below 300. @throws RemoteError with what the control plane says, otherwise */
  async send(
    api: RestName,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
    maxBytes?: number,
  ): Promise<HttpAnswer> {
    const url = this.#url(api, path);
    if (Date.now() > this.#session.expiresAt - margin) await this.#renew();
    for (let attempt = 1; ; attempt++) {
      const authorization = `Bearer ${this.#session.accessToken}`;
      const request = {
        ...{ method, headers: { ...headers, authorization } },
        ...(body !== undefined && { body }),
        ...(maxBytes !== undefined && { maxBytes }),
      };
      const answer = await this.http.send(url, request);
      this.#received += answer.bytes.length;
      if (answer.status < 300) return answer;
      // Revoked, perhaps, before its time; a new one may be good.
      if (answer.status !== 401 || attempt === 2) throw this.#refusal(answer, url);
      await this.#renew();
    }
  }

  close(): Promise<void> {
    return this.http.close();
  }

  async #json<T>(api: RestName, method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<T> {
    const headers = method === 'GET' ? {} : { 'content-type': 'application/json' };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const value: unknown = (await this.send(api, method, path, text, headers)).json();
    if (isObject(value)) return value as T;
    throw new RemoteError(`${this.#url(api, path)} answered with something that is no answer of a control plane`);
  }

  #url(api: RestName, path: string): string {
    return `${this.environment.url}/api/am/${api}/v1${path}`;
  }

  async #renew(): Promise<void> {
    this.#session = await renew(this.http, this.environment, this.#session);
    writeSession(this.environment.name, this.#session);
  }

  #refusal(answer: HttpAnswer, url: string): RemoteError {
    const said = describe(answer);
    const { name } = this.environment;
    if (answer.status === 401) return notLoggedIn(`${name} does not accept the log-in: ${said}`);
    if (answer.status === 403) return notLoggedIn(`${this.user} may not do that in ${name}: ${said}`);
    if (answer.status === 404) return notFound(said);
    return new RemoteError(answer.status >= 500 ? `${url} failed with ${answer.status}: ${said}` : said);
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Runs `work` with a connection that is closed after it. */
export async function withConnection<T>(
  name: string,
  options: ConnectOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = new Connection(name, options);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
