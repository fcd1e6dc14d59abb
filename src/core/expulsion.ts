/** That a gateway may not follow a control plane any more. Only control planes and key managers ask. */

export interface Expulsion {
  /** Name of the gateway, or the fingerprint of one certificate. */
  readonly gateway: string;
  /** Seconds since the epoch: certificates that were issued up to then are refused. One that comes later is another matter. */
  readonly issuedBefore: number;
}
