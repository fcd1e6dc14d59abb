/** `postern status`: what gateways know and whether it is up to date, for people and for whatever watches over them. */
import { UsageError } from '../fail.ts';
import { withConnection } from '../remote/connection.ts';
import { askGateway, type GatewayStatus } from '../remote/gateway-status.ts';
import { document, type OutputFormat, print } from '../remote/output.ts';

export interface StatusOptions {
  /** Admin addresses. */
  readonly gateway?: readonly string[];
  readonly portOffset?: number;
  readonly environment?: string;
  readonly output: OutputFormat;
  readonly insecure?: boolean;
}

/** A gateway as the control plane sees it. */
interface Connected {
  readonly name: string;
  readonly [field: string]: unknown;
}

/** Milliseconds without news from a source from which on a gateway is in trouble: its own alarm begins there too. */
const stale = 5000;

const columns = [
  ['GATEWAY', 'gateway'],
  ['READY', 'ready'],
  ['APPLIED', 'applied'],
  ['HEAD', 'head'],
  ['LAG', 'lag'],
  ['STALENESS', 'staleness'],
  ['SOURCE', 'source'],
  ['APIS', 'apis'],
  ['SUBSCRIPTIONS', 'subscriptions'],
  ['REVOCATIONS', 'revocations'],
  ['PROBLEM', 'problem'],
] as const;

const connectedColumns = [
  ['FOLLOWS', 'name'],
  ['ADDRESS', 'address'],
  ['SENT', 'sent'],
  ['LAG', 'lag'],
  ['SINCE', 'since'],
  ['CERTIFICATE', 'serial'],
  ['FINGERPRINT', 'fingerprint'],
] as const;

/** Resolves with 1 when a gateway that was asked is not ready or stale, else with 0. */
export async function status(options: StatusOptions): Promise<number> {
  const { environment, output } = options;
  const [gateways, connected] = await Promise.all([
    Promise.all(addressesOf(options).map(askGateway)),
    environment === undefined ? null : connectedTo(environment, options),
  ]);
  if (output === 'table') {
    if (gateways.length > 0) print(gateways.map(row), columns, output);
    if (gateways.length > 0 && connected) process.stdout.write('\n');
    if (connected) print(connected, connectedColumns, output);
  } else {
    process.stdout.write(document({ gateways, ...(connected && { connected }) }, output));
  }
  return gateways.some((one) => !one.ready || isStale(one)) ? 1 : 0;
}

/** A gateway that follows nobody, by configuration, has nothing to be late with. */
const isStale = ({ source, stalenessMs }: GatewayStatus): boolean =>
  source !== null && (stalenessMs === null || stalenessMs > stale);

/** Those that are named; else the one of this machine, unless only a control plane is asked. */
function addressesOf({ gateway, portOffset, environment }: StatusOptions): string[] {
  if (gateway !== undefined && portOffset !== undefined) {
    throw new UsageError('expected --gateway or --port-offset, not both');
  }
  if (gateway !== undefined) return gateway.map(address);
  if (environment !== undefined && portOffset === undefined) return [];
  return [`http://127.0.0.1:${9444 + (portOffset ?? 0)}`];
}

function address(text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username) {
    return url.href.replace(/\/+$/, '');
  }
  throw new UsageError(`--gateway: expected an address like http://127.0.0.1:9444, not ${JSON.stringify(text)}`);
}

function connectedTo(environment: string, options: StatusOptions): Promise<readonly Connected[]> {
  return withConnection(environment, options, async (connection) => {
    const { list } = await connection.get<{ readonly list: readonly Connected[] }>('admin', '/gateways');
    return list;
  });
}

const row = ({ entities, stalenessMs, ready, connected, source, ...rest }: GatewayStatus) => ({
  ...rest,
  ready: ready ? 'yes' : 'no',
  staleness: stalenessMs === null ? '' : `${(stalenessMs / 1000).toFixed(1)} s`,
  source: source === null || connected ? source : `${source} (not connected)`,
  apis: entities.api,
  subscriptions: entities.subscription,
  revocations: entities.revocation,
});
