/** How a user showed who he is when he let a client act for him: what id tokens say of it. */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import type { Form } from '../form.ts';
import { type AskedClaims, requestedClaims } from './requested-claims.ts';

export interface LogIn {
  /** `sid`. */
  readonly session: string;
  /** Seconds since the epoch; absent = the provider has not said. */
  readonly authenticatedAt?: number;
  /** RFC 8176. */
  readonly methods: readonly string[];
  /** The identity provider on whose word it rests; absent = on none. */
  readonly provider?: string;
  /** Of the request for authorization, to be said again in the id token. */
  readonly nonce: string | null;
  /** What the client asked to learn by name, in id tokens and from user info; absent = nothing. */
  readonly idToken?: AskedClaims;
  readonly userinfo?: AskedClaims;
}

/** That of a session. @param form of the request for authorization; null = there was none */
export const logInOf = (session: SessionRow, form: Form | null): LogIn => ({
  session: session.id,
  ...(session.authenticated_at > 0 && { authenticatedAt: session.authenticated_at }),
  methods: session.methods.split(' ').filter((method) => method !== ''),
  ...(session.provider_id !== null && { provider: session.provider_id }),
  nonce: form?.get('nonce') ?? null,
  ...(form && askedIn(form)),
});

function askedIn(form: Form): Pick<LogIn, 'idToken' | 'userinfo'> {
  const { id_token = {}, userinfo = {} } = requestedClaims(form) ?? {};
  return { ...(isAny(id_token) && { idToken: id_token }), ...(isAny(userinfo) && { userinfo }) };
}

const isAny = (asked: AskedClaims): boolean => Object.keys(asked).length > 0;

/** As it stands in rows. */
export const writeLogIn = (logIn: LogIn): string => JSON.stringify(logIn);

export const readLogIn = (text: string): LogIn => JSON.parse(text) as LogIn;
