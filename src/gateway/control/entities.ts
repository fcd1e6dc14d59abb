/**
 * The entities as the gateway's main thread keeps them: what threads look up at every request it writes to shared
 * memory, what they compile it sends them.
 */
import type { Application, KeyMapping, KeyType, Subscription } from '../../core/application.ts';
import type { DenyRule } from '../../core/deny-rule.ts';
import type { EntityChange, EntityKind } from '../../core/snapshot.ts';
import type { Fingerprinter } from '../../platform/fingerprint.ts';
import type { ThreadChange } from '../data-plane/messages.ts';
import type { RevokedSet } from '../revocation/revoked-set.ts';
import {
  applicationFingerprint,
  clientFingerprint,
  type SubscriptionTable,
} from '../subscriptions/subscription-table.ts';
import { policyId } from '../throttling/policies.ts';

/** An application with what hangs on it. It may be mentioned before it is known. */
interface ApplicationEntry {
  application: Application | null;
  readonly keys: Map<string, KeyMapping>;
  readonly subscriptions: Map<string, Subscription>;
}

export interface EntitiesDeps {
  readonly fingerprinter: Fingerprinter;
  readonly revoked: RevokedSet;
  readonly table: SubscriptionTable;
  /** Told whatever threads have to be told. */
  readonly publish: (changes: readonly ThreadChange[]) => void;
  /** Told when `table` is full: a decision can't be held, so the gateway must not serve. */
  readonly overflow: (what: string) => void;
  /** Told when an entity of a snapshot can't be used. */
  readonly refused: (change: EntityChange, reason: Error) => void;
}

export class Entities {
  readonly #deps: EntitiesDeps;
  readonly #threadChanges = new Map<string, ThreadChange>();
  readonly #applications = new Map<string, ApplicationEntry>();
  readonly #applicationOfKey = new Map<string, string>();
  readonly #applicationOfSubscription = new Map<string, string>();
  readonly #apiOrdinals = new Map<string, number>();
  readonly #policyNumbers = new Map<string, number>();
  /** The rules about applications, by `owner:name`, which may come and go. */
  readonly #deniedApplications = new Map<string, string>();

  constructor(deps: EntitiesDeps) {
    this.#deps = deps;
  }

  /** Everything that a thread has to know that starts now. */
  threadChanges(): ThreadChange[] {
    return [...this.#threadChanges.values()];
  }

  /** Number of entities of each kind that the main thread keeps. */
  counts(): Partial<Record<EntityKind, number>> {
    let api = 0;
    for (const change of this.#threadChanges.values()) if (change.kind === 'api') api++;
    return {
      api,
      application: this.#applications.size,
      key: this.#applicationOfKey.size,
      subscription: this.#applicationOfSubscription.size,
      revocation: this.#deps.revoked.size,
    };
  }

  /** The subscriptions to an API, wherever they stand. Slow. */
  subscriptionsTo(apiId: string): Subscription[] {
    return [...this.#applications.values()].flatMap(({ subscriptions }) =>
      [...subscriptions.values()].filter((subscription) => subscription.apiId === apiId),
    );
  }

  /** Applies changes in order. Shared memory is up to date, and threads have been told, when it returns. */
  apply(changes: readonly EntityChange[]): void {
    const tell: ThreadChange[] = [];
    for (const change of changes) this.#apply(change, tell);
    if (tell.length > 0) this.#deps.publish(tell);
  }

  /**
   * Takes a snapshot in place of everything. What it doesn't have is removed, but for revocations, which it need not
   * have: what was denied stays denied until it expires.
   */
  replace(snapshot: readonly EntityChange[]): void {
    const present = new Set(snapshot.map(({ kind, id }) => `${kind}|${id}`));
    const gone: EntityChange[] = [];
    const drop = (
      kind: 'api' | 'deny' | 'issuer' | 'policy' | 'application' | 'key' | 'subscription',
      id: string,
    ): void => {
      if (!present.has(`${kind}|${id}`)) gone.push({ kind, id, value: null });
    };
    for (const id of this.#applicationOfSubscription.keys()) drop('subscription', id);
    for (const id of this.#applicationOfKey.keys()) drop('key', id);
    for (const id of this.#applications.keys()) drop('application', id);
    for (const { kind, id } of this.#threadChanges.values()) drop(kind, id);
    const tell: ThreadChange[] = [];
    for (const change of [...snapshot, ...gone]) {
      // One that can't be used must not keep the others out, least of all revocations.
      try {
        this.#apply(change, tell);
      } catch (error) {
        this.#deps.refused(change, error as Error);
      }
    }
    this.#deps.publish(tell);
  }

  #apply(change: EntityChange, tell: ThreadChange[]): void {
    switch (change.kind) {
      case 'api':
        return this.#tell(
          { kind: 'api', id: change.id, ordinal: this.#apiOrdinal(change.id), value: change.value },
          tell,
        );
      case 'issuer':
        return this.#tell(change, tell);
      case 'deny':
        return this.#putDeny(change.id, change.value, tell);
      case 'policy':
        return this.#tell({ ...change, number: this.#policyNumber(change.id, tell) }, tell);
      case 'application':
        return this.#putApplication(change.id, change.value, tell);
      case 'key':
        return this.#putKey(change.id, change.value, tell);
      case 'subscription':
        return this.#putSubscription(change.id, change.value, tell);
      case 'revocation':
        // It says itself when there is no room.
        if (change.value) this.#deps.revoked.add(change.value);
        return;
    }
  }

  #tell(change: ThreadChange, tell: ThreadChange[]): void {
    const key = `${change.kind}|${change.id}`;
    // A policy keeps its number when it is deleted: subscriptions may still name it.
    if (change.value === null && change.kind !== 'policy') this.#threadChanges.delete(key);
    else this.#threadChanges.set(key, change);
    tell.push(change);
  }

  #putDeny(id: string, rule: DenyRule | null, tell: ThreadChange[]): void {
    for (const [label, of] of this.#deniedApplications) if (of === id) this.#deniedApplications.delete(label);
    let application: number | null = null;
    if (rule?.type === 'APPLICATION') {
      this.#deniedApplications.set(rule.value, id);
      for (const entry of this.#applications.values()) {
        if (entry.application && labelOf(entry.application) === rule.value) application = entry.application.ordinal;
      }
    }
    this.#tell({ kind: 'deny', id, value: rule, application }, tell);
  }

  /** An application that a rule is about has come, gone or been given another name. */
  #reconsider(application: Application | null, tell: ThreadChange[]): void {
    const id = application ? this.#deniedApplications.get(labelOf(application)) : undefined;
    const change = id === undefined ? undefined : this.#threadChanges.get(`deny|${id}`);
    if (change?.kind === 'deny') this.#putDeny(change.id, change.value, tell);
  }

  #putApplication(id: string, application: Application | null, tell: ThreadChange[]): void {
    const entry = this.#application(id);
    if (application === null) {
      for (const key of [...entry.keys.keys()]) this.#putKey(key, null, tell);
      for (const subscription of [...entry.subscriptions.keys()]) this.#putSubscription(subscription, null, tell);
      this.#applications.delete(id);
      this.#deps.table.deleteClient(applicationFingerprint(this.#deps.fingerprinter, id));
      this.#reconsider(entry.application, tell);
      return;
    }
    const before = entry.application;
    entry.application = application;
    this.#reconsider(before, tell);
    this.#reconsider(application, tell);
    const words = applicationFingerprint(this.#deps.fingerprinter, id);
    const tier = this.#policyNumber(policyId('application', application.tier), tell);
    this.#writeClient(words, application, tier, 'PRODUCTION');
    for (const key of entry.keys.values()) this.#writeKey(entry, key, tell);
    for (const subscription of entry.subscriptions.values()) this.#writeSubscription(entry, subscription, tell);
  }

  #putKey(id: string, key: KeyMapping | null, tell: ThreadChange[]): void {
    const before = this.#applicationOfKey.get(id);
    const old = before === undefined ? undefined : this.#application(before).keys.get(id);
    const same = (['applicationId', 'consumerKey', 'issuer'] as const).every((name) => old?.[name] === key?.[name]);
    if (before !== undefined && old && !same) {
      this.#application(before).keys.delete(id);
      this.#applicationOfKey.delete(id);
      this.#deps.table.deleteClient(this.#clientOf(old));
    }
    if (key === null) return;
    const entry = this.#application(key.applicationId);
    entry.keys.set(id, key);
    this.#applicationOfKey.set(id, key.applicationId);
    this.#writeKey(entry, key, tell);
  }

  #putSubscription(id: string, subscription: Subscription | null, tell: ThreadChange[]): void {
    const before = this.#applicationOfSubscription.get(id);
    if (before !== undefined) {
      const entry = this.#application(before);
      const old = entry.subscriptions.get(id);
      const moved = old && (old.apiId !== subscription?.apiId || old.applicationId !== subscription.applicationId);
      if (old && moved) {
        entry.subscriptions.delete(id);
        this.#applicationOfSubscription.delete(id);
        const ordinal = entry.application?.ordinal;
        // Unless another subscription of the same two has taken its place already.
        const replaced = [...entry.subscriptions.values()].some((other) => other.apiId === old.apiId);
        if (ordinal !== undefined && !replaced) {
          this.#deps.table.deleteSubscription(ordinal, this.#apiOrdinal(old.apiId));
        }
      }
    }
    if (subscription === null) return;
    const entry = this.#application(subscription.applicationId);
    entry.subscriptions.set(id, subscription);
    this.#applicationOfSubscription.set(id, subscription.applicationId);
    this.#writeSubscription(entry, subscription, tell);
  }

  #writeKey({ application }: ApplicationEntry, key: KeyMapping, tell: ThreadChange[]): void {
    if (!application) return;
    const tier = this.#policyNumber(policyId('application', application.tier), tell);
    this.#writeClient(this.#clientOf(key), application, tier, key.keyType);
  }

  #writeClient(words: Uint32Array, { ordinal }: Application, tier: number, keyType: KeyType): void {
    if (!this.#deps.table.putClient(words, ordinal, tier, keyType)) {
      this.#deps.overflow('gateway.subscriptions.capacity');
    }
  }

  #clientOf({ consumerKey, issuer }: KeyMapping): Uint32Array {
    return clientFingerprint(this.#deps.fingerprinter, consumerKey, issuer);
  }

  #writeSubscription({ application }: ApplicationEntry, subscription: Subscription, tell: ThreadChange[]): void {
    if (!application) return;
    const tier = this.#policyNumber(policyId('subscription', subscription.tier), tell);
    const api = this.#apiOrdinal(subscription.apiId);
    if (!this.#deps.table.putSubscription(application.ordinal, api, tier, subscription.state)) {
      this.#deps.overflow('gateway.subscriptions.capacity');
    }
  }

  #application(id: string): ApplicationEntry {
    let entry = this.#applications.get(id);
    if (!entry) {
      entry = { application: null, keys: new Map(), subscriptions: new Map() };
      this.#applications.set(id, entry);
    }
    return entry;
  }

  /** Never 0, which is the gateway's own. */
  #apiOrdinal(id: string): number {
    let ordinal = this.#apiOrdinals.get(id);
    if (ordinal === undefined) {
      ordinal = this.#apiOrdinals.size + 1;
      this.#apiOrdinals.set(id, ordinal);
    }
    return ordinal;
  }

  /** A policy that is named before it exists has a number all the same; threads refuse with "policy missing". */
  #policyNumber(id: string, tell: ThreadChange[]): number {
    let number = this.#policyNumbers.get(id);
    if (number === undefined) {
      number = this.#policyNumbers.size;
      this.#policyNumbers.set(id, number);
      this.#tell({ kind: 'policy', id, number, value: null }, tell);
    }
    return number;
  }
}

/** As rules about applications name them. */
const labelOf = ({ owner, name }: Application): string => `${owner}:${name}`;
