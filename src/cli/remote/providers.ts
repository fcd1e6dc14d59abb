/** Identity and service providers of a control plane: its admin API keeps both alike, and commands call them by their names. */
import { describeCertificate } from './certificate-files.ts';
import { type Connection, type EnvironmentOptions, withConnection } from './connection.ts';
import { document } from './output.ts';
import { notFound } from './remote-error.ts';

export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly entityId: string;
  readonly enabled: boolean;
  readonly certificates: readonly string[];
  readonly [field: string]: unknown;
}

/** Fields of the admin API. */
export type Body = Readonly<Record<string, unknown>>;

export interface ProviderKind {
  /** `identity provider`. */
  readonly what: string;
  /** In the admin API. */
  readonly path: string;
  /** Fields that its metadata say. */
  readonly described: readonly string[];
}

export async function listProviders<T extends Provider>(connection: Connection, { path }: ProviderKind): Promise<T[]> {
  return (await connection.get<{ list: T[] }>('admin', path)).list;
}

/** @throws RemoteError when there is none of this name */
export async function findProvider<T extends Provider>(
  connection: Connection,
  kind: ProviderKind,
  name: string,
): Promise<T> {
  const list = await listProviders<T>(connection, kind);
  const found = list.find((one) => one.name === name);
  if (found) return found;
  throw notFound(`there is no ${kind.what} ${name}; there are: ${list.map((one) => one.name).join(', ') || 'none'}`);
}

/** @returns as it is now */
export function changeProvider<T extends Provider>(
  connection: Connection,
  kind: ProviderKind,
  before: T,
  change: Body,
): Promise<T> {
  // What the metadata say takes the place of what was said.
  const isKept = (field: string): boolean => change.metadata === undefined || !kind.described.includes(field);
  const kept = Object.fromEntries(Object.entries(before).filter(([field]) => isKept(field)));
  return connection.put('admin', pathOf(kind, before), { ...kept, ...change });
}

export function showProvider(
  kind: ProviderKind,
  name: string,
  options: EnvironmentOptions & { output: 'json' | 'yaml' },
): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const { certificates, ...provider } = await findProvider(connection, kind, name);
    process.stdout.write(
      document({ ...provider, certificates: certificates.map(describeCertificate) }, options.output),
    );
  });
}

export async function removeProvider(connection: Connection, kind: ProviderKind, name: string): Promise<void> {
  await connection.send('admin', 'DELETE', pathOf(kind, await findProvider(connection, kind, name)));
}

export const pathOf = ({ path }: ProviderKind, { id }: Provider): string => `${path}/${encodeURIComponent(id)}`;
