import type { EntityChange } from '../../core/snapshot.ts';

/** Where entities go that a source or the disk copy has. Both calls are in force when they return. */
export interface EntitySink {
  /** Changes in order. Applying one again must do no harm. A revocation stays until it expires. */
  apply(changes: readonly EntityChange[]): void;
  /** The whole state but for its revocations: what is not in it is gone. */
  replace(entities: readonly EntityChange[]): void;
}
