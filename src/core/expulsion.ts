/** That a gateway may not follow a control plane any more. Only control planes and key managers ask. */

export interface Expulsion {
  /** Name of the gateway, or the fingerprint of one certificate. */
  readonly gateway: string;
  /** Seconds since the epoch: certificates that were issued up to then are refused. One that comes later is another matter. */
  readonly issuedBefore: number;
}

/** What tells certificates of gateways from each other. */
export interface GatewayCertificate {
  /** Of the gateway. */
  readonly name: string;
  /** SHA-256, hexadecimal, with colons. */
  readonly fingerprint: string;
  /** Seconds since the epoch. */
  readonly issued: number;
}

/** By name or fingerprint: the second up to which what was issued is refused. */
export type Expelled = ReadonlyMap<string, number>;

export const expelledBy = (expulsions: readonly Expulsion[]): Expelled =>
  new Map(expulsions.map(({ gateway, issuedBefore }) => [gateway, issuedBefore]));

export function isExpelled(expelled: Expelled, { name, fingerprint, issued }: GatewayCertificate): boolean {
  return expelled.has(fingerprint) || issued <= (expelled.get(name) ?? -1);
}
