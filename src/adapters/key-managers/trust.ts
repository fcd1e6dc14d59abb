/** Whom a gateway believes that it is who its address says. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

export interface Trust {
  /** PEM certificate of the internal authority. */
  readonly ca: string;
  /** PEM certificates of further authorities; null = the system's. */
  readonly authorities: readonly string[] | null;
  /** PEM certificate and key to show. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
}

/** Costs milliseconds: reading the system's certificates. To be made when it is needed first, and kept. */
export function secureContext({ ca, authorities, clientCertificate }: Trust): SecureContext {
  return createSecureContext({ ca: [ca, ...(authorities ?? getCACertificates('default'))], ...clientCertificate });
}
