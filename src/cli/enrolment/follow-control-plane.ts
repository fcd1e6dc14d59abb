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
  /** Where its nodes are, in the order in which they are preferred; an empty `url` = none is followed. */
  readonly controlPlane: { readonly url: string; readonly otherUrls: readonly string[] };
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
  /** Tells of each new certificate. */
  whenRenewed(listener: (certificate: CertificateAndKey) => void): void;
  /** Ends what renews it. */
  stop(): void;
}

export async function followControlPlane(options: FollowOptions): Promise<FollowedControlPlane> {
  const { controlPlane, data, certificates, authorities = [], log } = options;
  if (controlPlane.url === '') {
    return { source: null, certificate: certificates.gateway, whenRenewed: () => {}, stop: () => {} };
  }
  const urls = [controlPlane.url, ...controlPlane.otherUrls];
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
  const listeners: ((certificate: CertificateAndKey) => void)[] = [];
  const stop = keepCertificate(certificate, keeping, (renewed) => {
    identity = renewed;
    for (const listener of listeners) listener(renewed);
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
  return {
    source: severalSources(sources),
    certificate,
    whenRenewed: (listener) => void listeners.push(listener),
    stop,
  };
}
