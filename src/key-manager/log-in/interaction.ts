/**
 * What a browser carries from page to page while somebody logs in. It is sealed, so nothing of it is kept here until he has:
 * who only asks for pages fills no table.
 */
import { createHash, randomBytes } from 'node:crypto';
import { SealError } from '../../platform/seal.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import { readCookie, setCookie } from './cookies.ts';

/** What a client asks of a log-in that another one does for us. */
export interface AskedLogIn {
  /** The user has to show now who he is, whatever he has shown before. */
  readonly fresh: boolean;
  /** Or not longer ago than so many seconds; null = however long. */
  readonly maxAge: number | null;
  /** `login_hint` of the request. */
  readonly hint: string | null;
  /**
   * He is not the one that has logged in, whom a provider would send back at once: it is to ask. Not all do, or say so; it is no more
   * than his wish. Default false.
   */
  readonly somebodyElse?: boolean;
}

/** In the form of a page. */
export interface Interaction {
  /** The request for authorization that it is about, as a query; or that of `backTo`, where this has none itself. */
  readonly query: string;
  /** Path of the page of ours that a log-in leads back to; absent = to that request. */
  readonly backTo?: string | undefined;
  /** Of the pages for the log-in and for signing up, and of those that lead there; absent = nothing is asked. */
  readonly asked?: AskedLogIn | undefined;
  /** Only of a page that asks for consent: what it says that the user agrees to. */
  readonly scopes?: readonly string[];
  /** When the page was made, in seconds since the epoch. */
  readonly shownAt: number;
  /** Of the session in which the page was shown; null = none yet, or the page is that for the log-in and ours. */
  readonly session: string | null;
  /** As in `Done`: what was done for the request before this page. */
  readonly logInSince: number | null;
}

/** In the address that a page sends the browser back to: what was done there. */
export interface Done {
  /** Whoever logged in since was asked to. */
  readonly logInSince: number | null;
  /** What was decided about this request, in which session; null = nothing. */
  readonly decision: { readonly session: string; readonly agreed: boolean } | null;
}

/** Seconds that somebody may take for a page. */
const patience = 1800;

/** By what a browser is known again that sends the form of a page of ours, or of one elsewhere. */
export type BrowserCookie = 'browser' | 'elsewhere';

/** The value of the form's field `interaction`. Good only in the browser that gets this answer. */
export function sealInteraction(
  { request, reply }: Call,
  km: KeyManager,
  interaction: Interaction,
  cookie: BrowserCookie = 'browser',
): string {
  const browser = readCookie(request, cookie) ?? randomBytes(16).toString('base64url');
  setCookie(reply, cookie, browser);
  return km.seal.seal(JSON.stringify(interaction), purpose, cookie, browser);
}

/**
 * @throws OAuthError invalid_request when it was made for another browser (somebody else sends this form), or long ago.
 */
export function openInteraction(
  { request, form }: Call,
  km: KeyManager,
  cookie: BrowserCookie = 'browser',
): Interaction {
  const browser = readCookie(request, cookie);
  const interaction =
    browser === null ? null : open<Interaction>(km, form.require('interaction'), purpose, cookie, browser);
  if (!interaction || interaction.shownAt + patience < km.clock.now() / 1000) {
    throw new OAuthError('invalid_request', 'this page is too old, or the browser keeps no cookies; begin once more');
  }
  return interaction;
}

/** Seconds in which a browser follows the address that it was given: it is worth nothing in a history. */
const haste = 300;

/** The query of a request that somebody dealt with on a page. */
export function withDone(km: KeyManager, query: string, done: Done): string {
  const sealed = { ...done, until: seconds(km.clock) + haste };
  return `${query}&interaction=${km.seal.seal(JSON.stringify(sealed), donePurpose, digest(query))}`;
}

/** What was done on pages for the request in this query; nothing, unless it is the very same one. */
export function readDone(km: KeyManager, query: string): Done {
  const at = query.lastIndexOf('&interaction=');
  const sealed = at < 0 ? null : query.slice(at + '&interaction='.length);
  const done = sealed && open<Done & { until: number }>(km, sealed, donePurpose, digest(query.slice(0, at)));
  return done && done.until >= seconds(km.clock) ? done : { logInSince: null, decision: null };
}

/** The request itself. */
export const withoutDone = (query: string): string => query.replace(/&interaction=[^&]*$/, '');

const purpose = 'interaction';
const donePurpose = 'interaction-done';

const digest = (query: string): string => createHash('sha256').update(query).digest('base64url');

function open<T>(km: KeyManager, sealed: string, ...context: readonly string[]): T | null {
  try {
    return JSON.parse(km.seal.open(sealed, ...context)) as T;
  } catch (error) {
    if (error instanceof SealError || error instanceof SyntaxError) return null;
    throw error;
  }
}
