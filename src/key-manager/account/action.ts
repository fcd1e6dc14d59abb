/** What a user can do on the page of his account. */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import type { Call, KeyManager } from '../call.ts';

/** What the page says then. */
export const notices = {
  'logged-out': 'That browser is logged out.',
  'logged-out-elsewhere': 'You are logged out everywhere else.',
  revoked: 'The application can no longer act for you.',
  'all-revoked': 'No application can act for you any more.',
  'password-changed':
    'Your password is changed. You are logged out everywhere else, and applications have to ask you again.',
} as const;

export type Notice = keyof typeof notices;

/** Something can't be done; the message says why, and what was expected. */
export class AccountError extends Error {
  override name = 'AccountError';
  readonly status: number;
  /** Seconds after which it may be tried again; 0 = at once. */
  readonly wait: number;

  constructor(message: string, status = 400, wait = 0) {
    super(message);
    this.status = status;
    this.wait = wait;
  }
}

/** Null: the page is answered already. @throws AccountError */
export type AccountAction = (call: Call, km: KeyManager, session: SessionRow) => Promise<Notice | null>;
