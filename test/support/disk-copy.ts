/** A gateway's memory of revocations with its disk copy, without the rest of the gateway. */
import type { ChangeEvent } from '../../src/core/events.ts';
import type { EntityChange, SnapshotHeader } from '../../src/core/snapshot.ts';
import { DiskCopy, type DiskCopyOptions, storedFingerprintKey } from '../../src/gateway/control/disk-copy.ts';
import { RevokedSet } from '../../src/gateway/revocation/revoked-set.ts';
import { identifyToken } from '../../src/gateway/revocation/token-identity.ts';
import { Fingerprinter, newFingerprintKey } from '../../src/platform/fingerprint.ts';
import { issuer } from './hub.ts';

export type MemoryOptions = Omit<DiskCopyOptions, 'revoked' | 'fingerprintKey'> & { readonly capacity?: number };

/** What a gateway makes when it starts on the folder; nothing is loaded yet. */
export function newMemory(dir: string, { capacity = 1000, ...options }: MemoryOptions = {}) {
  const fingerprintKey = storedFingerprintKey(dir) ?? newFingerprintKey();
  const fingerprinter = new Fingerprinter(fingerprintKey);
  const revoked = new RevokedSet(fingerprinter, { capacity });
  return {
    revoked,
    disk: new DiskCopy(dir, { revoked, fingerprintKey, ...options }),
    add(changes: readonly EntityChange[]): void {
      for (const { kind, value } of changes) if (kind === 'revocation' && value) revoked.add(value);
    },
    /** Which of these tokens of `revoked` (hub.ts) are. */
    revokedOf: (names: readonly string[]): string[] =>
      names.filter((jti) => revoked.isRevoked(identifyToken(fingerprinter, { issuer, jti }))),
  };
}

/** A process that has loaded what is there, and writes as the follower does: first in memory, then on disk. */
export async function openMemory(dir: string, options?: MemoryOptions) {
  const memory = newMemory(dir, options);
  const { disk, add } = memory;
  const content = await disk.load();
  return {
    ...memory,
    content,
    append(...changes: ChangeEvent[]): void {
      add(changes);
      disk.append(changes);
    },
    replace(header: SnapshotHeader, entities: readonly EntityChange[]): Promise<void> {
      add(entities);
      return disk.replace(
        header,
        entities.filter(({ kind }) => kind !== 'revocation'),
      );
    },
  };
}
