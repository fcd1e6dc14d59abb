/** A log-in for a service provider: what it asked for, once that was found good. */
import type { ServiceProvider } from '../../core/service-provider.ts';
import { SealError } from '../../platform/seal.ts';
import { type KeyManager, seconds } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';
import type { WantedContext } from './authentication-context.ts';
import { findProviderById } from './find-service-provider.ts';
import { continuePath } from './own-addresses.ts';

export interface SignOn {
  readonly provider: ServiceProvider;
  /** ID of the request; null = it began here. */
  readonly requestId: string | null;
  /** One of the provider's. */
  readonly consumerUrl: string;
  /** What the provider gets back as it is; null = nothing. */
  readonly relayState: string | null;
  /** Somebody has to log in for this very request (`ForceAuthn`). */
  readonly forced: boolean;
  /** No page may be shown (`IsPassive`). */
  readonly passive: boolean;
  readonly context: WantedContext | null;
  /** How the user is named. */
  readonly nameFormat: string;
  /** Why it is answered with nobody's name, whoever logs in; null = nothing. */
  readonly refusal: Refusal | null;
  /** Hash of the browser's secret when somebody was asked to log in, empty = it had none; null = nobody was asked. */
  readonly askedIn: string | null;
  /** When it came, in seconds since the epoch. */
  readonly since: number;
}

/** A status that the provider is told: that of the top level, and the one that says why (SAML core section 3.2.2.2). */
export interface Refusal {
  readonly status: string;
  readonly because: string;
  readonly message: string;
}

/** Seconds that somebody may take to log in. */
export const patience = 1800;

const purpose = 'saml-sign-on';

/** The address at which it goes on, after a log-in or from another site's form; below `publicUrl`. */
export function continueAt(km: KeyManager, { provider, ...rest }: SignOn): string {
  const sealed = km.seal.seal(JSON.stringify({ ...rest, providerId: provider.id }), purpose);
  return `${continuePath}?request=${sealed}`;
}

/** What goes on at this path; null = no log-in for a service provider. @throws OAuthError when it can go on no more */
export async function signOnAt(km: KeyManager, path: string): Promise<SignOn | null> {
  const begin = `${continuePath}?request=`;
  return path.startsWith(begin) ? openSignOn(km, path.slice(begin.length)) : null;
}

/** As `continueAt` wrote it, with the provider as it is now. @throws OAuthError */
export async function openSignOn(km: KeyManager, sealed: string): Promise<SignOn> {
  const opened = open(km, sealed);
  if (!opened || opened.since + patience < seconds(km.clock)) {
    throw new OAuthError('invalid_request', 'this log-in took too long; begin once more at the application');
  }
  const { providerId, ...rest } = opened;
  const provider = await findProviderById(km.store.db, providerId);
  if (!provider.consumerUrls.includes(rest.consumerUrl)) {
    throw new OAuthError('invalid_request', 'the service provider no longer takes answers where it wanted this one');
  }
  return { ...rest, provider };
}

function open(km: KeyManager, sealed: string): (Omit<SignOn, 'provider'> & { providerId: string }) | null {
  try {
    return JSON.parse(km.seal.open(sealed, purpose));
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}
