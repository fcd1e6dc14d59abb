/** The client certificates that a microgateway's APIs accept, from `[[mutualSSLConfig.api.certificates]]`. */
import { acceptedCertificate } from '../../adapters/trust-stores/accepted-certificate.ts';
import type { TrustStore } from '../../adapters/trust-stores/trust-store.ts';
import type { Api } from '../../core/api.ts';
import { unlimited } from '../../core/policy.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { ConfigError } from '../../platform/config/config-error.ts';
import { certificatesUnder } from './certificates-under.ts';
import type { Configuration } from './configuration.ts';

/**
 * The APIs with the certificates that the configuration lists for them. They have no tier: what limits an API's callers
 * limits them.
 * @throws ConfigError that names each alias that the trust store doesn't have
 */
export function addClientCertificates(
  entities: readonly EntityChange[],
  { config, where }: Configuration,
  trustStore: TrustStore | null,
  warn: (line: string) => void,
): EntityChange[] {
  const problems: string[] = [];
  const listed = config.mutualSSLConfig.api.certificates.map(({ name, version, aliasList }, i) => {
    const at = (key: string): string => where(`mutualSSLConfig.api.certificates.${i}.${key}`);
    const pems = aliasList.flatMap((alias) =>
      certificatesUnder(alias, at('aliasList'), trustStore, (problem) => void problems.push(problem)),
    );
    const isMeant = (api: Api): boolean => api.name === name && api.version === version;
    if (!entities.some(({ kind, value }) => kind === 'api' && value && isMeant(value)))
      warn(`${at('name')}: the artifact has no API ${name} ${version}`);
    return { isMeant, certificates: pems.map((pem) => acceptedCertificate(pem, unlimited)) };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return entities.map((entity) => {
    if (entity.kind !== 'api' || !entity.value) return entity;
    const api = entity.value;
    const clientCertificates = listed.filter(({ isMeant }) => isMeant(api)).flatMap((one) => one.certificates);
    if (clientCertificates.length > 0) return { ...entity, value: { ...api, clientCertificates } };
    if (needsCertificate(api))
      warn(
        `the API ${api.name} ${api.version} needs client certificates, and [[mutualSSLConfig.api.certificates]] lists none for it: what needs one refuses every caller`,
      );
    return { ...entity, value: { ...api, clientCertificates: [] } };
  });
}

function needsCertificate({ security, resources }: Api): boolean {
  return [{ security }, ...resources].some((owner) => owner.security?.mutualTls === 'mandatory');
}
