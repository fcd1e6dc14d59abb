/** Whether what the options call nodes of a control plane are addresses of such. */
import { ConfigError } from '../platform/config/config-error.ts';
import { httpsOrigin, withoutSecrets } from '../platform/https-origin.ts';

/** Addresses, and where the option was given that has them: what an error begins with. */
export interface GivenAddresses {
  readonly where: string;
  readonly addresses: readonly string[];
}

/** Their origins. @throws ConfigError that names each that is none */
export function controlPlaneOrigins(given: readonly GivenAddresses[]): string[] {
  const problems: string[] = [];
  const origins = given.flatMap(({ where, addresses }) =>
    addresses.map((address) => {
      const origin = httpsOrigin(address);
      const got = JSON.stringify(withoutSecrets(address));
      if (origin === null) problems.push(`${where}: expected https://host:port of a control plane, got ${got}`);
      return origin ?? '';
    }),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return origins;
}
