/** `postern get`: what there is in an environment. */
import { UsageError } from '../fail.ts';
import { type Connection, withConnection } from '../remote/connection.ts';
import { type OutputFormat, print } from '../remote/output.ts';
import { note, Progress } from '../remote/progress.ts';
import { RemoteError } from '../remote/remote-error.ts';

export interface GetOptions {
  readonly environment: string;
  readonly query?: string;
  /** Owner of applications; absent = who is logged in. */
  readonly owner?: string;
  /** Entries at most. */
  readonly limit: number;
  readonly output: OutputFormat;
  readonly insecure?: boolean;
}

type Row = Readonly<Record<string, unknown>>;

export interface Page {
  readonly list: readonly Row[];
  readonly pagination?: { readonly total?: number };
}

const apiColumns = [
  ['NAME', 'name'],
  ['VERSION', 'version'],
  ['CONTEXT', 'context'],
  ['STATUS', 'lifeCycleStatus'],
  ['PROVIDER', 'provider'],
  ['ID', 'id'],
] as const;

const appColumns = [
  ['NAME', 'name'],
  ['OWNER', 'owner'],
  ['TIER', 'throttlingPolicy'],
  ['STATUS', 'status'],
  ['SUBSCRIPTIONS', 'subscriptionCount'],
  ['ID', 'applicationId'],
] as const;

/** The admin API says no more of an application. */
const othersAppColumns = [
  ['NAME', 'name'],
  ['OWNER', 'owner'],
  ['STATUS', 'status'],
  ['ID', 'applicationId'],
] as const;

export function getApis(options: GetOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const query = options.query === undefined ? '' : `query=${encodeURIComponent(options.query)}`;
    show(await listAll(connection, 'publisher', `/apis?${query}`, options.limit), apiColumns, options.output);
  });
}

/** One's own by the developer portal; those of others, which needs an administrator, by the admin API. */
export function getApps(options: GetOptions): Promise<void> {
  const { owner, query } = options;
  if (owner !== undefined && query !== undefined) {
    return Promise.reject(new UsageError("--query searches one's own applications; expected it without --owner"));
  }
  return withConnection(options.environment, options, async (connection) => {
    if (owner === undefined) {
      const search = query === undefined ? '' : `query=${encodeURIComponent(query)}`;
      const found = await listAll(connection, 'store', `/applications?${search}`, options.limit);
      return show(found, appColumns, options.output);
    }
    const path = `/applications?user=${encodeURIComponent(owner)}`;
    show(await listAll(connection, 'admin', path, options.limit), othersAppColumns, options.output);
  });
}

/** Entries at most, whatever a control plane says that there are; and bytes of a list, which is kept in memory. */
const mostRows = 100_000;
const mostBytes = 256 << 20;

/** Page by page. @throws RemoteError when there is no end to it */
export async function listAll(
  connection: Connection,
  api: 'publisher' | 'store' | 'admin',
  path: string,
  limit: number,
): Promise<{ rows: Row[]; total: number }> {
  const progress = new Progress();
  const rows: Row[] = [];
  const ids = new Set<unknown>();
  let total = 0;
  const before = connection.received;
  const refuse = (why: string): RemoteError => {
    progress.end();
    return new RemoteError(`the list of ${connection.environment.name} ${why}; nothing of it is shown`);
  };
  while (rows.length < limit) {
    const size = Math.min(100, limit - rows.length);
    const { list, pagination } = await connection.get<Page>(api, `${path}&limit=${size}&offset=${rows.length}`);
    const known = ids.size;
    for (const row of list) ids.add(row.id ?? row.applicationId);
    if (list.length > 0 && ids.size === known) throw refuse('repeats itself');
    if (list.length > size) throw refuse(`has ${list.length} entries on a page of ${size}`);
    const said = pagination?.total;
    total = typeof said === 'number' ? said : rows.length + list.length;
    rows.push(...list);
    if (rows.length > mostRows) throw refuse(`has more than ${mostRows} entries`);
    if (connection.received - before > mostBytes) throw refuse(`has more than ${mostBytes} bytes`);
    progress.show(`${rows.length} of ${total}`);
    if (list.length === 0 || rows.length >= total) break;
  }
  progress.end();
  return { rows, total };
}

function show(
  { rows, total }: { rows: readonly Row[]; total: number },
  columns: readonly (readonly [string, string])[],
  output: OutputFormat,
): void {
  print(rows, columns, output);
  if (rows.length < total) note(`${rows.length} of ${total} are shown; --limit shows more`);
}
