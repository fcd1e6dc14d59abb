import type { TrustStore } from '../../adapters/trust-stores/trust-store.ts';

/**
 * The certificates (PEM) under an alias of the trust store; names match without regard to case, as Java's do.
 * @param alias empty = none is asked for
 * @param option what names it, for the problem that there is none
 */
export function certificatesUnder(
  alias: string,
  option: string,
  trustStore: TrustStore | null,
  missing: (problem: string) => void,
): readonly string[] {
  if (alias === '') return [];
  const found = (trustStore?.certificates ?? []).filter((one) => one.alias.toLowerCase() === alias.toLowerCase());
  if (found.length === 0) {
    const there = trustStore?.certificates.map((one) => one.alias).join(', ');
    const expected = trustStore
      ? `expected one of ${there}`
      : 'there is no trust store (listenerConfig.trustStorePath)';
    missing(`${option}: no certificate "${alias}": ${expected}`);
  }
  return found.map(({ pem }) => pem);
}
