/** Asks a key manager about an opaque token (RFC 7662), over connections that are kept. */
import type { Credentials } from './credentials/credentials.ts';
import { type HttpsAnswer, placeOf, sendRequest } from './https-request.ts';
import { type Trust, trustedAgent } from './trust.ts';

/** What a gateway needs of an introspection's answer. */
export type Introspection =
  /** `expired`: nothing is wrong with it but its age. Only the built-in key manager says so. */
  | { readonly active: false; readonly expired: boolean }
  | {
      readonly active: true;
      /** null = the answer doesn't say. */
      readonly issuer: string | null;
      readonly subject: string;
      /** null = the answer doesn't say. */
      readonly clientId: string | null;
      readonly userType: 'APPLICATION' | 'APPLICATION_USER';
      readonly scope: readonly string[];
      /** Seconds since the epoch; 0 = the answer doesn't say. */
      readonly issuedAt: number;
      /** Seconds since the epoch; Infinity if the answer doesn't say, so that only the cache's time limits it. */
      readonly expires: number;
      /** The keys that its bearer has to prove (RFC 7800), as the answer says it; absent = none. */
      readonly cnf?: unknown;
    };

/** @throws Error when there is no answer, or none that can be understood; its message holds no token. */
export type Introspect = (token: string) => Promise<Introspection>;

export interface IntrospectionOptions {
  /** `https://localhost:9443/oauth2/introspect`. */
  readonly url: string;
  /** With the certificate by which the key manager knows this gateway. */
  readonly trust: Trust;
  /** What is shown besides, for a key manager that wants it. */
  readonly credentials: Credentials;
  /** Milliseconds until the answer has to be there. */
  readonly timeout: number;
}

/** Bytes of an answer at most: it is a handful of claims. */
const maxAnswer = 65_536;

export function createIntrospection({ url, trust, credentials, timeout }: IntrospectionOptions): Introspect {
  const agent = trustedAgent(trust, { keepAlive: true, maxSockets: 64 });
  const ask = (token: string, authorization: string | null): Promise<HttpsAnswer> => {
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
    return sendRequest({ url, agent: agent(), form, authorization, timeout, maxAnswer });
  };
  return async (token) => {
    const shown = await credentials.authorization(null);
    let answer = await ask(token, shown);
    if (answer.status === 401 && shown !== null) {
      const another = await credentials.authorization(shown);
      if (another !== shown) answer = await ask(token, another);
    }
    try {
      return readAnswer(answer);
    } catch (error) {
      throw new Error(`${placeOf(url)}: ${(error as Error).message}`);
    }
  };
}

function readAnswer({ status, body }: HttpsAnswer): Introspection {
  if (status !== 200) throw new Error(`answered ${status} where 200 was expected`);
  const answer = JSON.parse(body) as Record<string, unknown>;
  if (answer.active === false) return { active: false, expired: answer.expired === true };
  const { active, iss, username, sub, client_id, aut, scope, iat, exp, cnf } = answer;
  const clientId = text(client_id);
  const subject = text(sub) ?? text(username) ?? clientId;
  const isTime = exp === undefined || (typeof exp === 'number' && Number.isFinite(exp));
  if (active !== true || subject === null || !isTime) {
    throw new Error('the answer lacks active, or sub, username and client_id, or has an exp that is no number');
  }
  return {
    active: true,
    issuer: text(iss),
    subject,
    clientId,
    userType: aut === 'APPLICATION' ? 'APPLICATION' : 'APPLICATION_USER',
    scope: typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [],
    issuedAt: typeof iat === 'number' ? iat : 0,
    expires: exp === undefined ? Number.POSITIVE_INFINITY : (exp as number),
    ...(cnf === undefined || cnf === null ? {} : { cnf }),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
