/** The certificate of the listeners of a process, and how it changes while the process runs. */
import { join, resolve } from 'node:path';
import { type CertificateSource, certificateFiles, unusablePair } from '../platform/certificate-source.ts';
import { type CertificateAndKey, type CertificateOptions, openCertificates } from '../platform/certificates.ts';
import { ConfigError } from '../platform/config/config-error.ts';
import { OperatorError } from '../platform/operator-error.ts';
import type { Options } from './options.ts';

/** One of the user's own, with where it comes from. */
export interface OwnCertificate {
  readonly source: CertificateSource;
  readonly pair: CertificateAndKey;
}

/** That of `gateway.tls`; null = none is given. @throws ConfigError */
export async function ownCertificate({ gateway: { tls } }: Pick<Options, 'gateway'>): Promise<OwnCertificate | null> {
  if (tls.certificate === '') return null;
  const source = certificateFiles(resolve(tls.certificate), resolve(tls.key));
  try {
    const pair = await source.read();
    // One that is over is better than no gateway: the log says so every day.
    const problem = unusablePair(pair);
    if (problem !== null) throw new OperatorError(`${[...new Set(source.files)].join(', ')}: ${problem}`);
    return { source, pair };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new ConfigError([`gateway.tls: ${error.message}`]);
  }
}

/** That of the data folder, which is renewed there when it is time. */
export function madeCertificate(data: string, options: Omit<CertificateOptions, 'server'>): CertificateSource {
  const dir = join(data, 'certificates');
  return { files: [join(dir, 'server.pem')], read: async () => (await openCertificates(dir, options)).server };
}
