/** Which event hub a microgateway follows. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../platform/config/config-error.ts';
import { type RevocationSource, revocationSources } from '../gateway-options.ts';
import { readManagementAddress } from '../management-address.ts';
import type { Configuration } from './configuration.ts';

/**
 * The origin of the control plane whose hub is to be followed; null = none: the microgateway is isolated.
 *
 * It is enabled by `[apim.eventHub]` or by either half of `[tokenRevocationConfig]`. Without a configuration file it is
 * followed if the data folder is that of a control plane: whoever tries a microgateway beside `postern start` sees his
 * revocations enforced.
 * @param data folder that `postern start` may have used
 * @throws ConfigError if two are named that are not the same
 */
export function hubAddress(configuration: Configuration, data: string): string | null {
  const { config, where, file } = configuration;
  const { eventHub } = config.apim;
  const isBeside = file === null && (existsSync(join(data, 'postern.db')) || readManagementAddress(data) !== null);
  const named: RevocationSource[] = [];
  if (eventHub.enable ?? isBeside) {
    named.push({ url: eventHub.serviceUrl || config.keyManager.serverUrl, option: 'apim.eventHub.serviceUrl' });
  }
  named.push(...revocationSources(config.tokenRevocationConfig));
  const [first, ...others] = named.map(({ url, option }) => ({ origin: origin(url, where(option)), option }));
  if (!first) return null;
  const other = others.find((one) => one.origin !== first.origin);
  if (other) {
    throw new ConfigError([
      `${where(other.option)}: expected the address that ${first.option} has: a microgateway follows one control plane`,
    ]);
  }
  return first.origin;
}

function origin(url: string, where: string): string {
  if (URL.canParse(url) && new URL(url).protocol === 'https:') return new URL(url).origin;
  throw new ConfigError([`${where}: expected the https address of a control plane`]);
}
