/**
 * The snapshot: everything a gateway needs, as entities. The control plane streams it, `postern build` writes it, a
 * gateway keeps it on disk; the form is the same, newline-delimited JSON: a header line, then one entity a line.
 */
import type { Api } from './api.ts';
import type { Application, KeyMapping, Subscription } from './application.ts';
import type { DenyRule } from './deny-rule.ts';
import type { Expulsion } from './expulsion.ts';
import type { Policy } from './policy.ts';
import type { Revocation } from './revocation.ts';
import type { Issuer } from './token.ts';

/** Each kind of entity with its form. */
export interface EntityKinds {
  readonly policy: Policy;
  readonly deny: DenyRule;
  readonly issuer: Issuer;
  readonly api: Api;
  readonly application: Application;
  readonly key: KeyMapping;
  readonly subscription: Subscription;
  readonly revocation: Revocation;
  /** For control planes and key managers; gateways pass it over, and it is in no snapshot. */
  readonly expulsion: Expulsion;
}

export type EntityKind = keyof EntityKinds;

/** The kinds that gateways know, in the order in which a snapshot lists them: what is referred to comes first. */
export const entityKinds: readonly EntityKind[] = [
  'policy',
  'deny',
  'issuer',
  'application',
  'key',
  'api',
  'subscription',
  'revocation',
];

/** One entity: put (with `value`) or deleted (without). `id` is unique within the kind. */
export type EntityChange = {
  readonly [K in EntityKind]: { readonly kind: K; readonly id: string; readonly value: EntityKinds[K] | null };
}[EntityKind];

/** First line of a snapshot. */
export interface SnapshotHeader {
  /** Version of this form. */
  readonly format: 1;
  /** Random id of the store's history; another epoch = numbers are not comparable, load everything anew. */
  readonly epoch: string;
  /** All changes up to and including this number are in the snapshot. */
  readonly number: number;
  /** When the change with this number was decided, as in events; absent = not known. */
  readonly at?: number | undefined;
}
