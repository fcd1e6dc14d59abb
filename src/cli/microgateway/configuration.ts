/** Finds and reads the configuration of a microgateway. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../../platform/config/config-error.ts';
import { type Loaded, readConfig } from '../../platform/config/load.ts';
import { readManagementAddress } from '../management-address.ts';
import { microgatewaySchema } from './options/index.ts';

export type Configuration = Loaded<typeof microgatewaySchema> & {
  /** Absolute path of the file; null = there is none. */
  readonly file: string | null;
};

/**
 * Without a file, and unless somebody says another one, the key manager is the one whose data folder this is, wherever it
 * listens: `postern start --port-offset 10` is followed at its own port.
 */
export function besideManagement(configuration: Configuration, data: string): Configuration {
  const { config, file, isGiven } = configuration;
  const serverUrl = file === null && !isGiven('keyManager.serverUrl') ? readManagementAddress(data) : null;
  if (serverUrl === null) return configuration;
  return { ...configuration, config: { ...config, keyManager: { ...config.keyManager, serverUrl } } };
}

/**
 * The file is the one that `--config` names; otherwise `micro-gw.conf` in the folder MGW_CONF_DIR, which has to be
 * there then; otherwise `conf/micro-gw.conf` in the current folder, if it is there.
 * @throws ConfigError
 */
export function readConfiguration(config: string | undefined, flags: readonly string[]): Configuration {
  const file = config ?? usualFile();
  const loaded = readConfig(microgatewaySchema, { file, flags, env: process.env });
  return { ...loaded, file: file === undefined ? null : resolve(file) };
}

function usualFile(): string | undefined {
  const folder = process.env.MGW_CONF_DIR;
  if (folder) return join(folder, 'micro-gw.conf');
  const here = join('conf', 'micro-gw.conf');
  return existsSync(here) ? here : undefined;
}

/** The bundled stores of 3.1 and later, and of 3.0, which nobody has without the original: as good as none. */
const bundled = /^\$\{(mgw-runtime\.home\}\/runtime|ballerina\.home\})\/bre\/security\/ballerina(Key|Trust)store\.p12$/;

/**
 * The path that an option names, absolute; null = none. Paths in the configuration are relative to its file, and to the
 * current folder where there is none.
 * @throws ConfigError for a path with a variable of the original in it
 */
export function storePath(configuration: Configuration, key: 'keyStorePath' | 'trustStorePath'): string | null {
  const path = configuration.config.listenerConfig[key];
  if (path === '' || bundled.test(path)) return null;
  if (path.includes('${')) {
    const where = configuration.where(`listenerConfig.${key}`);
    throw new ConfigError([`${where}: expected a path without variables`]);
  }
  return resolve(configuration.file === null ? '.' : dirname(configuration.file), path);
}
