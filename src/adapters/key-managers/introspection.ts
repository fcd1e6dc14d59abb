/** Asks a key manager about an opaque token (RFC 7662), over connections that are kept. */
import { Agent, request } from 'node:https';

/** What a gateway needs of an introspection's answer. */
export type Introspection =
  /** `expired`: nothing is wrong with it but its age. Only the built-in key manager says so. */
  | { readonly active: false; readonly expired: boolean }
  | {
      readonly active: true;
      readonly issuer: string;
      readonly subject: string;
      readonly clientId: string;
      readonly userType: 'APPLICATION' | 'APPLICATION_USER';
      readonly scope: readonly string[];
      /** Seconds since the epoch. */
      readonly issuedAt: number;
      readonly expires: number;
    };

/** @throws Error when there is no answer, or none that can be understood; its message holds no token. */
export type Introspect = (token: string) => Promise<Introspection>;

export interface IntrospectionOptions {
  /** `https://localhost:9443/oauth2/introspect`. */
  readonly url: string;
  /** PEM certificates to trust. */
  readonly ca: string;
  /** PEM certificate and key by which the key manager knows this gateway. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** User and password instead, for a key manager that wants them. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** Milliseconds until the answer has to be there. */
  readonly timeout: number;
}

/** Bytes of an answer at most: it is a handful of claims. */
const maxAnswer = 65_536;

export function createIntrospection(options: IntrospectionOptions): Introspect {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, ca: options.ca, ...options.clientCertificate });
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  };
  if (options.basic) {
    const { username, password } = options.basic;
    headers.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  return (token) => {
    const body = `token=${encodeURIComponent(token)}&token_type_hint=access_token`;
    return new Promise((resolve, reject) => {
      const asked = request(options.url, { method: 'POST', agent, headers, timeout: options.timeout });
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${options.timeout} ms`)));
      asked.on('error', (error) => reject(new Error(`${options.url}: ${error.message}`)));
      asked.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > maxAnswer) asked.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () => {
          try {
            resolve(readAnswer(response.statusCode ?? 0, text));
          } catch (error) {
            reject(new Error(`${options.url}: ${(error as Error).message}`));
          }
        });
      });
      asked.end(body);
    });
  };
}

function readAnswer(status: number, text: string): Introspection {
  if (status !== 200) throw new Error(`answered ${status} where 200 was expected`);
  const answer = JSON.parse(text) as Record<string, unknown>;
  if (answer.active === false) return { active: false, expired: answer.expired === true };
  const { active, iss, username, sub, client_id, aut, scope, iat, exp } = answer;
  const subject = typeof sub === 'string' ? sub : username;
  if (active !== true || typeof subject !== 'string' || typeof client_id !== 'string' || typeof exp !== 'number') {
    throw new Error('the answer lacks active, sub or username, client_id or exp');
  }
  return {
    active: true,
    issuer: typeof iss === 'string' ? iss : '',
    subject,
    clientId: client_id,
    userType: aut === 'APPLICATION' ? 'APPLICATION' : 'APPLICATION_USER',
    scope: typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [],
    issuedAt: typeof iat === 'number' ? iat : 0,
    expires: exp,
  };
}
