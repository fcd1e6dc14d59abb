/** Everything that a microgateway is started with, read and checked before anything is made. */
import { resolve } from 'node:path';
import { readArtifact } from '../../adapters/artifacts/artifact.ts';
import type { FixedConfiguration } from '../../gateway/fixed-configuration.ts';
import { introspectionWarnings } from '../introspection-warnings.ts';
import type { OwnCertificate } from '../listener-certificate.ts';
import { acceptedSchemes } from './accepted-schemes.ts';
import { basicUsersOf } from './basic-users.ts';
import { addClientCertificates } from './client-certificates.ts';
import { isEndpointOverride, overrideEndpoints, readEndpointOverrides } from './endpoint-overrides.ts';
import { issuersOf } from './issuers.ts';
import { type MicrogatewaySettings, type RunArguments, readSettings } from './settings.ts';
import { openConfiguredKeyStore, openConfiguredTrustStore } from './stores.ts';

export interface Preparation {
  readonly settings: MicrogatewaySettings;
  readonly fixed: FixedConfiguration;
  /** Certificate and key for the HTTPS listeners; null = those of the data folder. */
  readonly keyStore: OwnCertificate | null;
  /** PEM certificates of the trust store; null = there is none. */
  readonly trusted: readonly string[] | null;
  /** The artifact as it is told to the operator. */
  readonly artifact: string;
  /** What he should know about the configuration, one line each. */
  readonly warnings: readonly string[];
}

/** @throws ConfigError or ArtifactError. Changes nothing on disk. */
export async function prepare(args: RunArguments): Promise<Preparation> {
  const overrides = readEndpointOverrides(args.flags.filter(isEndpointOverride), process.env);
  const settings = readSettings({ ...args, flags: args.flags.filter((flag) => !isEndpointOverride(flag)) });
  const { configuration } = settings;
  const { hash, entities } = readArtifact(resolve(args.artifact));
  const trustStore = await openConfiguredTrustStore(configuration);
  const warnings = [...configuration.warnings, ...introspectionWarnings(configuration)];
  const hasHub = settings.options.controlPlane.url !== '';
  const issuers = issuersOf(configuration, {
    trustStore,
    hasHub,
    schemes: acceptedSchemes(entities),
    warn: (line) => void warnings.push(line),
  });
  const apis = addClientCertificates(entities, configuration, trustStore, (line) => void warnings.push(line));
  return {
    settings,
    fixed: {
      entities: [...overrideEndpoints(apis, overrides), ...issuers],
      basicUsers: basicUsersOf(configuration),
      tokenListenerPort: settings.tokenListenerPort,
      opaqueSubscriptions: opaqueSubscriptions(configuration.config.security.validateSubscriptions, hasHub),
    },
    keyStore: await openConfiguredKeyStore(configuration),
    trusted: trustStore?.certificates.map(({ pem }) => pem) ?? null,
    artifact: `${args.artifact} (${hash.slice(0, 12)})`,
    warnings,
  };
}

/** An opaque token has no claims to go by. */
function opaqueSubscriptions(isChecked: boolean | null, hasHub: boolean): FixedConfiguration['opaqueSubscriptions'] {
  if (isChecked === null) return hasHub ? 'managed' : 'none';
  return isChecked ? 'data' : 'none';
}
