/** From the arguments of a command to the settings that roles are started with. */
import { join, resolve } from 'node:path';
import { userStoreNameProblem } from '../core/user-store-name.ts';
import { ConfigError } from '../platform/config/config-error.ts';
import { type Loaded, readConfig } from '../platform/config/load.ts';
import { controlPlaneOrigins } from './control-plane-addresses.ts';
import { revocationSources } from './gateway-options.ts';
import { introspectionWarnings } from './introspection-warnings.ts';
import { type Options, optionsSchema } from './options.ts';

/** What every command that starts a role is called with. */
export interface StartArguments {
  readonly data: string;
  readonly config?: string;
  readonly portOffset: number;
  readonly host?: string;
  /** `--section.key=value` as given. */
  readonly flags: readonly string[];
}

export interface Settings {
  readonly options: Options;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** What the operator should know about the configuration, one line each. */
  readonly warnings: readonly string[];
}

/** @throws ConfigError. Changes nothing on disk. */
export function readSettings(args: StartArguments): Settings {
  const loaded = readConfig(optionsSchema, { file: args.config, flags: args.flags, env: process.env });
  const given = loaded.config;
  checkRevocationSources(loaded);
  checkUserStores(given.userStores);
  const by = args.portOffset;
  // 0 asks for a free port; an offset to that has no meaning.
  const moved = (port: number): number => (port === 0 ? 0 : port + by);
  const host = args.host;
  const options: Options = {
    ...given,
    gateway: {
      ...given.gateway,
      host: host ?? given.gateway.host,
      httpPort: moved(given.gateway.httpPort),
      httpsPort: moved(given.gateway.httpsPort),
      adminPort: moved(given.gateway.adminPort),
    },
    server: { ...given.server, host: host ?? given.server.host, port: moved(given.server.port) },
  };
  return { options, data: resolve(args.data), warnings: [...loaded.warnings, ...introspectionWarnings(loaded)] };
}

/** A gateway has its revocations, as everything else, from its control plane. */
function checkRevocationSources({ config, where }: Loaded<typeof optionsSchema>): void {
  const { url, otherUrls } = config.controlPlane;
  const origins = controlPlaneOrigins([
    { where: where('controlPlane.url'), addresses: url === '' ? [] : [url] },
    { where: where('controlPlane.otherUrls'), addresses: otherUrls },
  ]);
  const problems = revocationSources(config.tokenRevocationConfig)
    .filter(({ url }) => !origins.includes(originOf(url)))
    .map(({ option }) => `${where(option)}: expected the address of controlPlane.url`);
  if (problems.length > 0) throw new ConfigError(problems);
}

function checkUserStores(stores: Options['userStores']): void {
  const names = [...stores.keys()];
  const problems = names.flatMap((name) => {
    const isTwice = names.filter((other) => other.toUpperCase() === name.toUpperCase()).length > 1;
    const problem = isTwice ? 'expected one of this name, whatever its case' : userStoreNameProblem(name);
    return problem === null ? [] : [`userStores.${name}: ${problem}`];
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

/** The file of the embedded store. */
export function storeFile({ data }: Pick<Settings, 'data'>): string {
  return join(data, 'postern.db');
}

/** By which names the server of this machine is called: what its certificate is for. */
export function certificateHosts({ options: { server, gateway } }: Pick<Settings, 'options'>): string[] {
  return [server.publicHost, ...server.otherHosts, server.host, gateway.host];
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
