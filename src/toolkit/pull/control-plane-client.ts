/**
 * A control plane as its REST APIs show it, for one user: a client is registered, a token obtained by the user's password.
 * Nothing of it is kept; registering the same name again gives the same client.
 */
import { getCACertificates } from 'node:tls';
import type { Agent } from 'undici';
import { escapeHidden } from '../../core/hidden-characters.ts';
import { readStream, TooLongError } from '../../platform/read-stream.ts';
import { ProjectError } from '../project.ts';

export interface ControlPlaneLogIn {
  /** `https://localhost:9443` */
  readonly serverUrl: string;
  readonly username: string;
  readonly password: string;
  /** PEM certificates that are believed besides those of the system. */
  readonly certificates: readonly string[];
  /** Believe any certificate. */
  readonly insecure: boolean;
}

/** Milliseconds for one answer. */
const timeLimit = 30_000;
/** Bytes of one answer, and of all of them. */
const maxLength = 16 * 1024 * 1024;
const maxReceived = 512 * 1024 * 1024;
/** Characters of what the server says that are shown. */
const longest = 1000;
const registration = '/client-registration/v0.17/register';
const scopes = 'apim:api_view apim:tier_view';

interface Answer {
  readonly status: number;
  readonly text: string;
}

export class ControlPlaneClient {
  readonly #origin: string;
  readonly #agent: Agent;
  #token = '';
  #received = 0;

  private constructor(origin: string, agent: Agent) {
    this.#origin = origin;
    this.#agent = agent;
  }

  /** Close it when you are done. @throws ProjectError that says which step failed and why */
  static async logIn({
    serverUrl,
    username,
    password,
    certificates,
    insecure,
  }: ControlPlaneLogIn): Promise<ControlPlaneClient> {
    const url = URL.parse(serverUrl);
    if (url?.protocol !== 'https:' || url.username !== '') {
      // A password goes there.
      throw new ProjectError('the server URL is no https address; expected is one like https://localhost:9443');
    }
    const { Agent } = await import('undici');
    const ca = [...getCACertificates('default'), ...getCACertificates('system'), ...certificates];
    const agent = new Agent({ connect: { ca, rejectUnauthorized: !insecure } });
    const client = new ControlPlaneClient(`${url.origin}${url.pathname.replace(/\/+$/, '')}`, agent);
    try {
      await client.#obtainToken(username, password);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** The JSON at a path of the server. @throws ProjectError */
  async get(path: string): Promise<unknown> {
    return readAnswer(await this.#send(path, { authorization: `Bearer ${this.#token}` }), path, this.#origin);
  }

  /** The entries of one answer's list. @throws ProjectError when it is none, or has more than `most` */
  async getList<T extends object>(path: string, most: number): Promise<readonly T[]> {
    return listOf<T>(await this.get(path), path, most);
  }

  /** As `getList`; null where this user may not look. @throws ProjectError */
  async getListIfAllowed<T extends object>(path: string, most: number): Promise<readonly T[] | null> {
    const answer = await this.#send(path, { authorization: `Bearer ${this.#token}` });
    if (answer.status === 401 || answer.status === 403) return null;
    return listOf<T>(readAnswer(answer, path, this.#origin), path, most);
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #obtainToken(username: string, password: string): Promise<void> {
    const client = readAnswer(
      await this.#send(
        registration,
        { authorization: basic(username, password), 'content-type': 'application/json' },
        JSON.stringify({
          callbackUrl: '',
          clientName: `toolkit_${username.replace(/[^\w-]/g, '_')}`,
          owner: username,
          grantType: 'password refresh_token',
          saasApp: true,
        }),
      ),
      registration,
      this.#origin,
    );
    const { clientId, clientSecret } = (client ?? {}) as { clientId?: unknown; clientSecret?: unknown };
    if (typeof clientId !== 'string' || typeof clientSecret !== 'string') {
      throw new ProjectError(`${registration} gives no client with a secret; does it keep secrets hashed?`);
    }
    const form = new URLSearchParams({ grant_type: 'password', username, password, scope: scopes });
    const headers = {
      authorization: basic(clientId, clientSecret),
      'content-type': 'application/x-www-form-urlencoded',
    };
    const path = '/oauth2/token';
    const answer = readAnswer(await this.#send(path, headers, form.toString()), path, this.#origin);
    const token = ((answer ?? {}) as { access_token?: unknown }).access_token;
    // RFC 6749 appendix A.12.
    if (typeof token !== 'string' || !/^[\x20-\x7e]+$/.test(token))
      throw new ProjectError(`${path} gives no access token`);
    this.#token = token;
  }

  async #send(path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer> {
    const { request } = await import('undici');
    const shown = path.split('?', 1)[0];
    try {
      // Follows nothing, and unpacks nothing.
      const response = await request(`${this.#origin}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { accept: 'application/json', ...headers },
        ...(body !== undefined && { body }),
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(timeLimit),
      });
      const bytes = await readStream(response.body, Math.min(maxLength, maxReceived - this.#received));
      this.#received += bytes.length;
      return { status: response.statusCode, text: bytes.toString('utf8') };
    } catch (error) {
      if (error instanceof TooLongError) throw new ProjectError(`${shown} of ${this.#origin} ${error.message}`);
      const cause = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      const why = cause.name === 'TimeoutError' ? `no answer in ${timeLimit / 1000} s` : cause.message || cause.code;
      throw new ProjectError(`can't reach ${this.#origin}: ${why}${certificateAdvice(cause)}`);
    }
  }
}

function listOf<T extends object>(answer: unknown, path: string, most: number): readonly T[] {
  const shown = path.split('?', 1)[0] as string;
  const { list } = (answer ?? {}) as { list?: unknown };
  const isObject = (one: unknown): boolean => typeof one === 'object' && one !== null && !Array.isArray(one);
  if (!Array.isArray(list) || !list.every(isObject)) {
    throw new ProjectError(`${shown} answers with something that is no list of a control plane`);
  }
  if (list.length > most)
    throw new ProjectError(`${shown} answers with ${list.length} entries; expected ${most} at most`);
  return list as readonly T[];
}

function certificateAdvice({ code = '', message }: NodeJS.ErrnoException): string {
  const isUntrusted = /CERT|SIGNATURE|ALTNAME|SELF_SIGNED/.test(code) || /certificate/i.test(message);
  return isUntrusted ? '; name its certificate by --truststore, or believe any by --insecure' : '';
}

function readAnswer({ status, text }: Answer, path: string, origin: string): unknown {
  const shown = path.split('?', 1)[0] as string;
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    const isElsewhere = status < 400 || status === 404 || status === 405;
    if (isElsewhere) throw notOne(origin, `${shown} answers ${status}, and no JSON`);
  }
  if (status < 300) return value;
  const said = (value ?? {}) as { description?: unknown; message?: unknown; error_description?: unknown };
  const why = [said.error_description, said.description, said.message].find((part) => typeof part === 'string');
  const answer = `${shown} answers ${status}${why ? `: ${escapeHidden((why as string).slice(0, longest))}` : ''}`;
  // All of them have the registration at this place.
  if (status === 404 && path === registration) throw notOne(origin, answer);
  throw new ProjectError(`${answer}${status === 401 ? ' (are user name and password right?)' : ''}`);
}

function notOne(origin: string, answer: string): ProjectError {
  return new ProjectError(`${origin} is no control plane: ${answer}; give its address by --server-url`);
}

function basic(name: string, secret: string): string {
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;
}
