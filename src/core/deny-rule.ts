/** Whom an administrator shuts out, whatever token they have. */

/**
 * What a rule is about, and the form of its value: an API's context with version (`/pizzashack/1.0.0`), an application as
 * `owner:name`, a user as `name@tenant` or by the subject of a client certificate (`CN=shop, O=Example`), one IP address, or
 * a range `first-last` of addresses.
 */
export type DenyType = 'API' | 'APPLICATION' | 'USER' | 'IP' | 'IPRANGE';

export interface DenyRule {
  readonly type: DenyType;
  readonly value: string;
  /** For `IP` and `IPRANGE`: everybody else is shut out. */
  readonly invert?: true;
}
