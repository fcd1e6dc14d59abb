/** `postern service-provider`: who a control plane's key managers tell which users have logged in. */
import { UsageError } from '../fail.ts';
import { readFile } from '../read-file.ts';
import { certificatesIn } from '../remote/certificate-files.ts';
import { type EnvironmentOptions, withConnection } from '../remote/connection.ts';
import { inOptions } from '../remote/option-names.ts';
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
  removeProvider,
  showProvider,
} from '../remote/providers.ts';

/** What is not said is as it was, or as the control plane has it by default. */
export interface ServiceProviderOptions extends EnvironmentOptions {
  readonly entityId?: string;
  readonly description?: string;
  readonly consumerUrl?: readonly string[];
  readonly landingOrigin?: readonly string[];
  /** File with its certificate. */
  readonly certificate?: readonly string[];
  readonly certificateAlias?: string;
  readonly storePassword?: string;
  /** File with its SAML metadata. */
  readonly metadata?: string;
  readonly requireSignedRequests?: boolean;
  readonly allowUnsolicited?: boolean;
  readonly audience?: readonly string[];
  readonly recipient?: readonly string[];
  /** Seconds. */
  readonly assertionValidity?: number;
  readonly roleAttribute?: string;
  /** `claim=attribute`. */
  readonly claim?: readonly string[];
  readonly qualifiedNames?: boolean;
}

interface ServiceProvider extends Provider {
  readonly consumerUrls: readonly string[];
}

const kind: ProviderKind = {
  what: 'service provider',
  path: '/service-providers',
  described: ['entityId', 'consumerUrls', 'certificates', 'requireSignedRequests'],
};

export function addServiceProvider(name: string, options: ServiceProviderOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const { metadata, entityId, consumerUrl } = options;
    if (metadata === undefined && (entityId === undefined || consumerUrl === undefined)) {
      throw new UsageError('expected --metadata, or --entity-id and --consumer-url');
    }
    const made = connection.post<ServiceProvider>('admin', kind.path, { name, ...(await bodyOf(options)) });
    const provider = await inOptions(optionNames, made);
    note(`users log in here for ${name} (${provider.entityId}) from now on`);
  });
}

export function changeServiceProvider(name: string, options: ServiceProviderOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const given = await bodyOf(options);
    if (Object.keys(given).length === 0) throw new UsageError('expected an option that says what is to change');
    const before = await findProvider(connection, kind, name);
    await inOptions(optionNames, changeProvider(connection, kind, before, given));
    note(`${name} is changed`);
  });
}

/** Switches it on or off; off, nobody is sent to it, and what its assertions were exchanged for is revoked. */
export function switchServiceProvider(name: string, enabled: boolean, options: EnvironmentOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    await changeProvider(connection, kind, await findProvider(connection, kind, name), { enabled });
    note(
      enabled
        ? `users log in here for ${name}`
        : `nobody logs in here for ${name} any more, and what its assertions were exchanged for is revoked`,
    );
  });
}

const columns = [
  ['NAME', 'name'],
  ['ENABLED', 'enabled'],
  ['ENTITY ID', 'entityId'],
  ['CONSUMER URL', 'consumerUrl'],
] as const;

export function listServiceProviders(options: EnvironmentOptions & { output: OutputFormat }): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const list = await listProviders<ServiceProvider>(connection, kind);
    const shown = list.map((provider) => ({ ...provider, consumerUrl: provider.consumerUrls[0] ?? '' }));
    print(shown, columns, options.output);
  });
}

export function showServiceProvider(
  name: string,
  options: EnvironmentOptions & { output: 'json' | 'yaml' },
): Promise<void> {
  return showProvider(kind, name, options);
}

export function removeServiceProvider(name: string, options: EnvironmentOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    await removeProvider(connection, kind, name);
    note(`${name} is removed, and what its assertions were exchanged for is revoked`);
  });
}

const optionNames = {
  name: 'the name',
  consumerUrls: '--consumer-url',
  landingOrigins: '--landing-origin',
  certificates: '--certificate',
  audiences: '--audience',
  recipients: '--recipient',
  claims: '--claim',
};

/** What the options say, in the fields of the admin API. */
async function bodyOf(options: ServiceProviderOptions): Promise<Body> {
  const { environment: _environment, insecure: _insecure, storePassword, certificateAlias, ...rest } = options;
  const { certificate, consumerUrl, landingOrigin, metadata, audience, recipient, claim, ...plain } = rest;
  return {
    ...plain,
    ...(consumerUrl && { consumerUrls: consumerUrl }),
    ...(landingOrigin && { landingOrigins: landingOrigin }),
    ...(audience && { audiences: audience }),
    ...(recipient && { recipients: recipient }),
    ...(certificate && { certificates: await certificatesIn(certificate, storePassword ?? '', certificateAlias) }),
    ...(metadata !== undefined && { metadata: readFile(metadata).toString() }),
    ...(claim && { claims: Object.fromEntries(claim.map((one) => pair('--claim', one, 'claim=attribute'))) }),
  };
}
