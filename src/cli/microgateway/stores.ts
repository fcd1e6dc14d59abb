/** The key and trust stores that a microgateway is configured with. */
import { openTrustStore } from '../../adapters/trust-stores/index.ts';
import { type TrustStore, TrustStoreError } from '../../adapters/trust-stores/trust-store.ts';
import type { CertificateSource } from '../../platform/certificate-source.ts';
import type { CertificateAndKey } from '../../platform/certificates.ts';
import { ConfigError } from '../../platform/config/config-error.ts';
import type { OwnCertificate } from '../listener-certificate.ts';
import { type Configuration, storePath } from './configuration.ts';

/** @returns null if none is configured. @throws ConfigError */
export function openConfiguredTrustStore(configuration: Configuration): Promise<TrustStore | null> {
  return open(configuration, 'trustStorePath', configuration.config.listenerConfig.trustStorePassword);
}

/**
 * Certificate and key for the HTTPS listeners.
 * @returns null if none is configured. @throws ConfigError
 */
export async function openConfiguredKeyStore(configuration: Configuration): Promise<OwnCertificate | null> {
  const path = storePath(configuration, 'keyStorePath');
  if (path === null) return null;
  const source: CertificateSource = { files: [path], read: () => readKeyStore(configuration) };
  return { source, pair: await source.read() };
}

/** The path is there. @throws ConfigError */
async function readKeyStore(configuration: Configuration): Promise<CertificateAndKey> {
  const store = await open(configuration, 'keyStorePath', configuration.config.listenerConfig.keyStorePassword);
  const pair = store?.keys.find(({ chain }) => chain !== '');
  if (pair) return { cert: pair.chain, key: pair.key };
  const where = configuration.where('listenerConfig.keyStorePath');
  throw new ConfigError([
    `${where}: expected a private key with its certificate in it, as PEM or PKCS#12 (keytool -importkeystore -deststoretype PKCS12 converts JKS)`,
  ]);
}

async function open(
  configuration: Configuration,
  key: 'keyStorePath' | 'trustStorePath',
  password: string,
): Promise<TrustStore | null> {
  const path = storePath(configuration, key);
  if (path === null) return null;
  try {
    return await openTrustStore(path, password);
  } catch (error) {
    if (!(error instanceof TrustStoreError)) throw error;
    throw new ConfigError([`${configuration.where(`listenerConfig.${key}`)}: ${error.message}`]);
  }
}
