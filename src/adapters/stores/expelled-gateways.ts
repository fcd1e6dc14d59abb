/** Who was expelled, in memory: asked at every request of a gateway, and up to date when a commit of any node is told. */
import type { Expulsion } from '../../core/expulsion.ts';
import { listExpulsions } from './gateways.ts';
import type { Store } from './store.ts';

/** What tells certificates of gateways from each other. */
export interface KnownCertificate {
  /** Of the gateway. */
  readonly name: string;
  /** SHA-256, hexadecimal, with colons. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
}

export interface ExpelledGateways {
  has(certificate: KnownCertificate): boolean;
  /** Calls back when there are more of them. */
  onMore(listener: () => void): void;
}

export async function openExpelledGateways(store: Store): Promise<ExpelledGateways> {
  /** By name or fingerprint: the second up to which what was issued is refused. */
  const until = new Map<string, number>();
  const listeners: (() => void)[] = [];
  const put = ({ gateway, issuedBefore }: Expulsion): void => {
    until.set(gateway, Math.max(issuedBefore, until.get(gateway) ?? 0));
  };
  // Before the first look, so that nothing falls between the two.
  store.changes.onCommit((changes) => {
    let more = false;
    for (const change of changes) {
      if (change.kind !== 'expulsion' || !change.value) continue;
      put(change.value);
      more = true;
    }
    if (more) for (const listener of listeners) listener();
  });
  for (const expulsion of await listExpulsions(store.db)) put(expulsion);
  return {
    has: ({ name, fingerprint, issuedAt }) =>
      until.has(fingerprint) || Math.floor(issuedAt / 1000) <= (until.get(name) ?? -1),
    onMore: (listener) => void listeners.push(listener),
  };
}
