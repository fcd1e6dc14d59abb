/** Whom a gateway believes that it is who its address says. */
import { Agent, type AgentOptions } from 'node:https';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { CertificateAndKey } from '../../platform/certificates.ts';

export interface Trust {
  /** PEM certificate of the internal authority. */
  readonly ca: string;
  /** PEM certificates of further authorities; null = the system's. */
  readonly authorities: readonly string[] | null;
  /** PEM certificate and key to show. Another object takes its place when it is renewed. */
  readonly clientCertificate?: CertificateAndKey;
}

/**
 * Connections with this trust. The agent is made when it is needed first, for reading the system's certificates costs
 * milliseconds, and made again when the certificate to show is another one; what is asked meanwhile goes on.
 */
export function trustedAgent(trust: Trust, options: AgentOptions = {}): () => Agent {
  let agent: Agent | null = null;
  let shown: CertificateAndKey | undefined;
  return () => {
    const { ca, authorities, clientCertificate } = trust;
    if (agent === null || clientCertificate !== shown) {
      const all = [ca, ...(authorities ?? getCACertificates('default'))];
      agent = new Agent({ ...options, secureContext: createSecureContext({ ca: all, ...clientCertificate }) });
      shown = clientCertificate;
    }
    return agent;
  };
}
