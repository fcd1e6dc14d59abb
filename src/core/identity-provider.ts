/** Who speaks for users: in assertions that clients exchange for tokens, and when browsers log in there. */

export interface IdentityProvider {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly description: string;
  /** One that is switched off is not believed. */
  readonly enabled: boolean;
  readonly protocol: 'saml2' | 'oidc';
  /** Whether it is offered on the page on which users log in. */
  readonly logIn: boolean;
  /** How it calls itself: `Issuer` of its assertions, `iss` of its id tokens. */
  readonly entityId: string;
  /** Only of OpenID Connect, and always there. */
  readonly oidc?: OpenIdClient;
  /** Only of SAML 2.0; absent = `samlDefaults`. */
  readonly saml2?: SamlSettings;
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
  /**
   * Whether whom it names is the user of that name who has an account here, if there is one: whoever has its key can be
   * anybody. Default: only of SAML 2.0, where nobody logs in with it.
   */
  readonly localAccounts: boolean;
  /** Whether signatures by SHA-1 are taken, which can be forged at a price. */
  readonly allowSha1: boolean;
}

/** What is asked of a provider of SAML 2.0, and by what its users are told apart. */
export interface SamlSettings {
  /** Which kind of NameID is asked for when somebody logs in (SAML core section 8.3); empty = the provider chooses. */
  readonly nameIdFormat: string;
  /** The attribute that has the name of the user; empty = it is NameID. */
  readonly nameAttribute: string;
  /** Whether requests are signed that send browsers there. */
  readonly signRequests: boolean;
}

export const samlDefaults: SamlSettings = { nameIdFormat: '', nameAttribute: '', signRequests: false };

/** What we are for a provider of OpenID Connect, as its client. */
export interface OpenIdClient {
  readonly clientId: string;
  /** Sealed; empty = it gave us none, and PKCE has to do. */
  readonly clientSecret: string;
  /** What is asked for; `openid` is among them. */
  readonly scopes: readonly string[];
  /** The claim by which its users are told apart. */
  readonly nameClaim: string;
  /** Whether it is asked for claims that are not in the id token. */
  readonly userInfo: boolean;
}

/** For what its secret is sealed, with the provider's id. */
export const clientSecretPurpose = 'identity-provider-secret';

/** The claim that has names of roles, unless an administrator says another. */
export const defaultRoleClaim = 'roles';

/** The role attribute of WSO2 Identity Server. */
export const defaultRoleAttribute = 'http://wso2.org/claims/role';

/** Path at the key manager where browsers come back to from a provider of OpenID Connect: its redirect URI, one for each. */
export const callbackPath = (provider: string): string => `/oauth2/log-in-at/callback/${encodeURIComponent(provider)}`;

/** Path at the key manager of what providers of SAML 2.0 have to know of us. */
export const ownMetadataPath = '/oauth2/saml/metadata';

const federated = 'FEDERATED:';

/** How tokens name a user who has no account here. Nobody with an account is named like that: their names have no slash. */
export function federatedSubject(provider: string, name: string, tenant: string): string {
  return `${federatedSubjects(provider)}${name}@${tenant}`;
}

/** What the names of all users begin with whom a provider names. */
export const federatedSubjects = (provider: string): string => `${federated}${provider}/`;

/** What `federatedSubject` has put together; null when it is no name of a federated user. */
export function readFederatedSubject(subject: string): { readonly provider: string; readonly name: string } | null {
  const slash = subject.indexOf('/');
  if (!isFederated(subject) || slash < 0) return null;
  return { provider: subject.slice(federated.length, slash), name: subject.slice(slash + 1, subject.lastIndexOf('@')) };
}

export const isFederated = (subject: string): boolean => subject.startsWith(federated);
