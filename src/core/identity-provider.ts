/** Who signs assertions about users, which clients exchange for tokens. */

export interface IdentityProvider {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly description: string;
  /** Of one that is switched off no assertion is taken. */
  readonly enabled: boolean;
  /** `Issuer` of its assertions. */
  readonly entityId: string;
  /** PEM. Any of them may have signed: there are two while it changes its key. */
  readonly certificates: readonly string[];
  /** How it calls the token endpoint, besides its addresses; empty = by those only. */
  readonly alias: string;
  /** Where browsers log in; empty = not known. */
  readonly ssoUrl: string;
  /** How it calls us; empty = not known. */
  readonly serviceProviderEntityId: string;
  /** The attribute that has its names of roles. */
  readonly roleAttribute: string;
  /** Its names of roles, and ours for each. A name that is not here gives nothing. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Names of attributes, and the claim that each becomes. */
  readonly claims: Readonly<Record<string, string>>;
  /** Whether whom it names is the user of that name who has an account here, if there is one. */
  readonly localAccounts: boolean;
  /** Whether signatures by SHA-1 are taken, which can be forged at a price. */
  readonly allowSha1: boolean;
}

/** The role attribute of WSO2 Identity Server. */
export const defaultRoleAttribute = 'http://wso2.org/claims/role';

const federated = 'FEDERATED:';

/** How tokens name a user who has no account here. Nobody with an account is named like that: their names have no slash. */
export function federatedSubject(provider: string, name: string, tenant: string): string {
  return `${federated}${provider}/${name}@${tenant}`;
}

export const isFederated = (subject: string): boolean => subject.startsWith(federated);
