/**
 * Who was expelled, in memory: asked at every request of a gateway, and up to date when a commit of any node is told.
 * What a node was not told of, because its database was away just then, it finds when it looks.
 */
import { type Expulsion, expelledBy, type GatewayCertificate, isExpelled } from '../../core/expulsion.ts';
import { listExpulsions } from './gateways.ts';
import type { Queryable, Store } from './store.ts';

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
  /** The same by what the store says now: for a transaction that gives a gateway what lasts. */
  hasIn(db: Queryable, certificate: KnownCertificate): Promise<boolean>;
  /** Calls back when there are more of them. */
  onMore(listener: () => void): void;
  /** Ends the looking. */
  close(): void;
}

/** Milliseconds between looks. */
const lookEvery = 1000;

export async function openExpelledGateways(store: Store): Promise<ExpelledGateways> {
  /** By name or fingerprint: the second up to which what was issued is refused. */
  const until = new Map<string, number>();
  const listeners: (() => void)[] = [];
  const put = (expulsions: readonly Expulsion[]): void => {
    const news = expulsions.filter(({ gateway, issuedBefore }) => issuedBefore > (until.get(gateway) ?? -1));
    for (const { gateway, issuedBefore } of news) until.set(gateway, issuedBefore);
    if (news.length > 0) for (const listener of listeners) listener();
  };
  // Before the first look, so that nothing falls between the two.
  store.changes.onCommit((changes) => {
    put(changes.flatMap((change) => (change.kind === 'expulsion' && change.value ? [change.value] : [])));
  });
  put(await listExpulsions(store.db));
  // While the store can't be read nobody new can be expelled either: what is known stands.
  const look = (): void => void listExpulsions(store.db).then(put, () => {});
  const looking = setInterval(look, lookEvery).unref();
  return {
    has: (certificate) => isExpelled(until, inSeconds(certificate)),
    async hasIn(db, certificate) {
      return isExpelled(expelledBy(await listExpulsions(db)), inSeconds(certificate));
    },
    onMore: (listener) => void listeners.push(listener),
    close: () => clearInterval(looking),
  };
}

const inSeconds = ({ issuedAt, ...which }: KnownCertificate): GatewayCertificate => ({
  ...which,
  issued: Math.floor(issuedAt / 1000),
});
