/** Proofs that work once: the `jti` of what a client signed is remembered until it is over. */
import { createHash } from 'node:crypto';
import { type UsedProofRow, useProof } from '../../adapters/stores/used-proofs.ts';
import type { KeyManager } from '../call.ts';

export interface Proof {
  readonly kind: UsedProofRow['kind'];
  /** Who signed it, and its `jti`: what tells it from all others. */
  readonly parts: readonly string[];
  /** Seconds since the epoch, from which on it is refused by its age. */
  readonly expires: number;
}

/** Takes the proof, at this node or another one. False when it was taken before. */
export function takeOnce(km: KeyManager, { kind, parts, expires }: Proof): Promise<boolean> {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return km.write((tx) => useProof(tx, { kind, proof_hash: digest, expires_at: Math.ceil(expires) }));
}
