/**
 * A control plane as its REST APIs show it, for one user: a client is registered, a token obtained by the user's password.
 * Nothing of it is kept; registering the same name again gives the same client.
 */
import { getCACertificates } from 'node:tls';
import type { Agent } from 'undici';
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
/** Bytes of one answer. */
const maxLength = 16 * 1024 * 1024;
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
    const agent = new Agent({ connect: { ca, rejectUnauthorized: !insecure }, maxResponseSize: maxLength });
    const client = new ControlPlaneClient(`${url.origin}${url.pathname.replace(/\/+$/, '')}`, agent);
    try {
      await client.#obtainToken(username, password);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** The JSON at a path of the server; null where this user may not look. @throws ProjectError */
  async getIfAllowed(path: string): Promise<unknown> {
    const answer = await this.#send(path, { authorization: `Bearer ${this.#token}` });
    if (answer.status === 401 || answer.status === 403) return null;
    return readAnswer(answer, path, this.#origin);
  }

  /** @throws ProjectError */
  async get(path: string): Promise<unknown> {
    return readAnswer(await this.#send(path, { authorization: `Bearer ${this.#token}` }), path, this.#origin);
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
    const { clientId, clientSecret } = client as { clientId?: unknown; clientSecret?: unknown };
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
    const token = (answer as { access_token?: unknown }).access_token;
    if (typeof token !== 'string') throw new ProjectError(`${path} gives no access token`);
    this.#token = token;
  }

  async #send(path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer> {
    const { fetch } = await import('undici');
    try {
      const response = await fetch(`${this.#origin}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { accept: 'application/json', ...headers },
        ...(body !== undefined && { body }),
        dispatcher: this.#agent,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeLimit),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const cause = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      const why = cause.name === 'TimeoutError' ? `no answer in ${timeLimit / 1000} s` : cause.message || cause.code;
      throw new ProjectError(`can't reach ${this.#origin}: ${why}${certificateAdvice(cause)}`);
    }
  }
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
  const answer = `${shown} answers ${status}${why ? `: ${why as string}` : ''}`;
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
