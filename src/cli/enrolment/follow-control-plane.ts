/** The hubs that a gateway follows, with its certificate, which is renewed while it runs. */
import { join } from 'node:path';
import { brokers } from '../../adapters/brokers/index.ts';
import { severalSources } from '../../adapters/brokers/several.ts';
import type { ChangeSource } from '../../adapters/brokers/source.ts';
import type { CertificateAndKey, Certificates } from '../../platform/certificates.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { type KeepCertificateOptions, keepCertificate, renewIfDue } from './keep-certificate.ts';

export interface FollowOptions {
  /** `https://host:port` of each control plane, in the order in which they are preferred; empty = none is followed. */
  readonly urls: readonly string[];
  /** The data folder, with `certificates/gateway.pem`. */
  readonly data: string;
  readonly certificates: Certificates;
  /** PEM certificates of further authorities that control planes may have. */
  readonly authorities?: readonly string[];
  readonly log: Log;
}

export interface FollowedControlPlane {
  readonly source: ChangeSource | null;
  /** As it is at the start. */
  readonly certificate: CertificateAndKey;
  /** Ends what renews it. */
  stop(): void;
}

export async function followControlPlane(options: FollowOptions): Promise<FollowedControlPlane> {
  const { urls, data, certificates, authorities = [], log } = options;
  if (urls.length === 0) return { source: null, certificate: certificates.gateway, stop: () => {} };
  const ca = [certificates.ca, ...authorities].join('\n');
  const keeping: KeepCertificateOptions = {
    file: join(data, 'certificates', 'gateway.pem'),
    ca: certificates.ca,
    origins: urls,
    clock: systemClock,
    log,
  };
  const certificate = await renewIfDue(certificates.gateway, keeping);
  let identity = certificate;
  const stop = keepCertificate(certificate, keeping, (renewed) => {
    identity = renewed;
  });
  const openHub = await brokers.hub();
  const sources = urls.map((url) =>
    openHub({
      url,
      ca,
      get cert() {
        return identity.cert;
      },
      get key() {
        return identity.key;
      },
    }),
  );
  return { source: severalSources(sources), certificate, stop };
}
