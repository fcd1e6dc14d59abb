/** `postern identity-provider`: whose word about users a control plane's key managers believe. */
import { UsageError } from '../fail.ts';
import { readFile } from '../read-file.ts';
import { readPassword } from '../read-password.ts';
import { certificatesIn } from '../remote/certificate-files.ts';
import { type Connection, type EnvironmentOptions, withConnection } from '../remote/connection.ts';
import { inOptions, type OptionNames } from '../remote/option-names.ts';
import { type OutputFormat, print } from '../remote/output.ts';
import { pair } from '../remote/pair.ts';
import { note } from '../remote/progress.ts';
import {
  type Body,
  changeProvider,
  findProvider,
  listProviders,
  type Provider,
  type ProviderKind,
  pathOf,
  removeProvider,
  showProvider,
} from '../remote/providers.ts';

/** What is not said is as it was, or as the control plane has it by default. */
export interface IdentityProviderOptions extends EnvironmentOptions {
  /** It speaks OpenID Connect. */
  readonly oidc?: true;
  readonly logIn?: boolean;
  /** `entityId`, as OpenID Connect calls it. */
  readonly issuer?: string;
  readonly clientId?: string;
  /** `-` = standard input. */
  readonly clientSecretFile?: string;
  readonly scope?: readonly string[];
  readonly nameClaim?: string;
  readonly userInfo?: boolean;
  readonly nameIdFormat?: string;
  readonly nameAttribute?: string;
  readonly signRequests?: boolean;
  readonly entityId?: string;
  readonly description?: string;
  /** File with its certificate. */
  readonly certificate?: readonly string[];
  readonly certificateAlias?: string;
  readonly storePassword?: string;
  /** File with its SAML metadata. */
  readonly metadata?: string;
  readonly alias?: string;
  readonly ssoUrl?: string;
  readonly serviceProviderEntityId?: string;
  readonly roleAttribute?: string;
  /** `theirs=ours`. */
  readonly role?: readonly string[];
  /** `attribute=claim`. */
  readonly claim?: readonly string[];
  readonly localAccounts?: boolean;
  readonly allowSha1?: boolean;
}

interface IdentityProvider extends Provider {
  readonly protocol: 'saml2' | 'oidc';
  readonly logIn: boolean;
  readonly localAccounts: boolean;
  readonly oidc?: Body & { readonly redirectUri?: string };
  readonly saml2?: Body & { readonly metadataUrl?: string };
}

const kind: ProviderKind = {
  what: 'identity provider',
  path: '/identity-providers',
  described: ['entityId', 'certificates', 'ssoUrl'],
};

export function addIdentityProvider(name: string, options: IdentityProviderOptions): Promise<void> {
  const protocol = options.oidc ? 'oidc' : 'saml2';
  return withConnection(options.environment, options, async (connection) => {
    requireOptions(options, protocol);
    const made = connection.post<IdentityProvider>('admin', kind.path, { name, ...(await bodyOf(options)) });
    const provider = await inOptions(optionNames[protocol], made);
    const { entityId, logIn, oidc, saml2, localAccounts } = provider;
    if (protocol === 'saml2') note(`assertions of ${name} (${entityId}) are exchanged for tokens from now on`);
    if (logIn) note(`users may log in with ${name} from now on`);
    if (localAccounts) note(localAccountsMean(name));
    if (saml2?.metadataUrl) note(`what ${name} has to know of us: ${saml2.metadataUrl}`);
    if (oidc?.redirectUri) note(`redirect URI to be registered at ${name}: ${oidc.redirectUri}`);
    await tellProblem(connection, provider);
  });
}

export function changeIdentityProvider(name: string, options: IdentityProviderOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const given = await bodyOf(options);
    if (Object.keys(given).length === 0) throw new UsageError('expected an option that says what is to change');
    const before = await findProvider<IdentityProvider>(connection, kind, name);
    const protocol = options.oidc ? 'oidc' : before.protocol;
    // It was on by itself, as nobody could log in with it.
    if (options.logIn && !before.logIn && before.localAccounts && options.localAccounts === undefined) {
      throw new UsageError(
        `--log-in: expected --no-local-accounts with it, or --local-accounts; ${localAccountsMean(name)}`,
      );
    }
    const after = await inOptions(
      optionNames[protocol],
      changeProvider(connection, kind, before, within(before, given)),
    );
    note(`${name} is changed`);
    if (after.localAccounts && (options.localAccounts || options.logIn)) note(localAccountsMean(name));
    await tellProblem(connection, after);
  });
}

const localAccountsMean = (name: string): string =>
  `with local accounts, whom ${name} names is the user of that name here: whoever runs it, or has its key, can be anybody, admin too`;

/** That it can't be asked need not stay so; nobody logs in with it until then. */
async function tellProblem(connection: Connection, provider: IdentityProvider): Promise<void> {
  const { name, protocol, enabled } = provider;
  if (protocol !== 'oidc' || !enabled) return;
  const { problem } = await connection.post<{ readonly problem?: string }>('admin', `${pathOf(kind, provider)}/check`);
  if (problem !== undefined) note(`nobody can log in with ${name} at the moment: ${problem}`);
}

/** Switches it on or off; off, what its assertions were exchanged for is revoked. */
export function switchIdentityProvider(name: string, enabled: boolean, options: EnvironmentOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    await changeProvider(connection, kind, await findProvider(connection, kind, name), { enabled });
    note(enabled ? `${name} is believed` : `${name} is believed no more, and what was given for its word is revoked`);
  });
}

const columns = [
  ['NAME', 'name'],
  ['ENABLED', 'enabled'],
  ['ENTITY ID', 'entityId'],
  ['PROTOCOL', 'protocol'],
  ['LOG-IN', 'logIn'],
  ['ALIAS', 'alias'],
] as const;

export function listIdentityProviders(options: EnvironmentOptions & { output: OutputFormat }): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    print(await listProviders(connection, kind), columns, options.output);
  });
}

export function showIdentityProvider(
  name: string,
  options: EnvironmentOptions & { output: 'json' | 'yaml' },
): Promise<void> {
  return showProvider(kind, name, options);
}

export function removeIdentityProvider(name: string, options: EnvironmentOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    await removeProvider(connection, kind, name);
    note(`${name} is removed, and what was given for its word is revoked`);
  });
}

/** Of what OpenID Connect and SAML have for themselves, what isn't said stays, too. */
function within(before: IdentityProvider, change: Body): Body {
  return {
    ...change,
    ...(change.oidc ? { oidc: { ...before.oidc, ...change.oidc } } : {}),
    ...(change.saml2 ? { saml2: { ...before.saml2, ...change.saml2 } } : {}),
  };
}

/** What the options say, in the fields of the admin API. */
async function bodyOf(options: IdentityProviderOptions): Promise<Body> {
  const { environment: _environment, insecure: _insecure, storePassword, certificateAlias, ...rest } = options;
  const { certificate, metadata, role, claim, oidc, issuer, clientId, clientSecretFile, ...others } = rest;
  const { scope, nameClaim, userInfo, nameIdFormat, nameAttribute, signRequests, ...plain } = others;
  const saml2 = {
    ...(nameIdFormat !== undefined && { nameIdFormat }),
    ...(nameAttribute !== undefined && { nameAttribute }),
    ...(signRequests !== undefined && { signRequests }),
  };
  const client = {
    ...(clientId !== undefined && { clientId }),
    ...(clientSecretFile !== undefined && { clientSecret: await readPassword(clientSecretFile, 'Client secret: ') }),
    ...(scope && { scopes: scope }),
    ...(nameClaim !== undefined && { nameClaim }),
    ...(userInfo !== undefined && { userInfo }),
  };
  return {
    ...plain,
    ...(oidc && { protocol: 'oidc' }),
    ...(issuer !== undefined && { entityId: issuer }),
    ...(Object.keys(client).length > 0 && { oidc: client }),
    ...(Object.keys(saml2).length > 0 && { saml2 }),
    ...(certificate && { certificates: await certificatesIn(certificate, storePassword ?? '', certificateAlias) }),
    ...(metadata !== undefined && { metadata: readFile(metadata).toString() }),
    ...(role && { roles: grouped(role.map((one) => pair('--role', one))) }),
    ...(claim && { claims: Object.fromEntries(claim.map((one) => pair('--claim', one))) }),
  };
}

type Protocol = IdentityProvider['protocol'];

/** @throws UsageError that says which options have to be there */
function requireOptions(options: IdentityProviderOptions, protocol: Protocol): void {
  const { issuer, entityId = issuer, clientId, metadata, certificate } = options;
  if (protocol === 'oidc') {
    if (entityId === undefined || clientId === undefined)
      throw new UsageError('--oidc: expected --issuer and --client-id');
    return;
  }
  if (issuer !== undefined || clientId !== undefined) throw new UsageError('--issuer and --client-id: expected --oidc');
  if (metadata === undefined && (entityId === undefined || certificate === undefined)) {
    throw new UsageError('expected --metadata, or --entity-id and --certificate; of OpenID Connect --oidc');
  }
}

const fields: OptionNames = {
  name: 'the name',
  certificates: '--certificate',
  roles: '--role',
  claims: '--claim',
  'oidc/clientSecret': '--client-secret-file',
  'oidc/scopes': '--scope',
};
const optionNames: Readonly<Record<Protocol, OptionNames>> = {
  oidc: {
    ...fields,
    entityId: '--issuer',
    body: '--certificate and --metadata',
    saml2: '--name-attribute, --name-id-format and --sign-requests',
  },
  saml2: { ...fields, oidc: '--client-id, --client-secret-file, --scope, --name-claim and --user-info' },
};

function grouped(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [theirs, ours] of pairs) groups.set(theirs, [...(groups.get(theirs) ?? []), ours]);
  return Object.fromEntries(groups);
}
