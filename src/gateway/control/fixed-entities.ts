/** What a microgateway was given, and what a source may add to it. */
import type { Api, LifeCycleStatus } from '../../core/api.ts';
import type { Subscription } from '../../core/application.ts';
import { builtInPolicies, unlimited } from '../../core/policy.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { policyId } from '../throttling/policies.ts';
import type { Entities } from './entities.ts';
import type { EntitySink } from './entity-sink.ts';

const givenKinds: readonly EntityChange['kind'][] = ['api', 'policy', 'issuer'];

/** An API of the artifact. */
interface GivenApi {
  readonly id: string;
  readonly value: Api;
}

export class FixedEntities implements EntitySink {
  readonly #entities: Entities;
  readonly #fixed: readonly EntityChange[];
  readonly #fixedPolicies: ReadonlySet<string>;
  /** The given APIs by name and version, and by id. */
  readonly #apis = new Map<string, GivenApi>();
  readonly #byId = new Map<string, GivenApi>();
  /** Which of them an API of the source is. */
  readonly #given = new Map<string, string>();
  /** Given APIs that the source has taken out of use. */
  readonly #stopped = new Map<string, LifeCycleStatus>();

  /** @throws Error if something is given that is for a source to say */
  constructor(entities: Entities, given: readonly EntityChange[]) {
    const wrong = given.find(({ kind, value }) => !givenKinds.includes(kind) || value === null);
    if (wrong) throw new Error(`${wrong.kind} ${wrong.id}: a microgateway is given APIs, policies and issuers only`);
    this.#entities = entities;
    this.#fixed = [...withoutDefinition(given), ...given];
    this.#fixedPolicies = new Set(this.#fixed.filter(({ kind }) => kind === 'policy').map(({ id }) => id));
    for (const { kind, id, value } of given) {
      if (kind !== 'api' || !value) continue;
      this.#apis.set(nameOf(value), { id, value });
      this.#byId.set(id, { id, value });
    }
  }

  /** Puts in force what was given. */
  start(): void {
    this.#entities.apply(this.#fixed);
  }

  apply(changes: readonly EntityChange[]): void {
    this.#entities.apply(this.#admitted(changes));
  }

  replace(snapshot: readonly EntityChange[]): void {
    this.#given.clear();
    this.#stopped.clear();
    // What belongs together by name has to be known before the subscriptions are read.
    for (const { kind, id, value } of snapshot) if (kind === 'api' && value) this.#tie(id, value);
    const stopped = [...this.#stopped.keys()].map((id) => this.#announce(this.#byId.get(id) as GivenApi));
    this.#entities.replace([...this.#fixed, ...stopped, ...this.#admitted(snapshot)]);
  }

  #admitted(changes: readonly EntityChange[]): EntityChange[] {
    return changes.flatMap((change): readonly EntityChange[] => {
      switch (change.kind) {
        case 'api':
          return this.#tie(change.id, change.value);
        case 'issuer':
          return [];
        case 'policy':
          return this.#fixedPolicies.has(change.id) || change.id.startsWith('resource|') ? [] : [change];
        case 'subscription':
          return [{ ...change, value: change.value && this.#toGiven(change.value) }];
        default:
          return [change];
      }
    });
  }

  /**
   * Learns which of the given APIs this one of the source is. Returns what follows: the subscriptions that are to that one
   * now, and the API itself if it was taken out of use there, or is no longer.
   */
  #tie(id: string, api: Api | null): EntityChange[] {
    const given = api ? this.#apis.get(nameOf(api)) : undefined;
    const before = this.#given.get(id);
    const changes = before === given?.id ? [] : this.#stop(before, null);
    if (api && given) changes.push(...this.#stop(given.id, stops.has(api.status) ? api.status : null));
    if (before === given?.id) return changes;
    if (given === undefined) {
      this.#given.delete(id);
      return changes;
    }
    this.#given.set(id, given.id);
    const subscriptions = this.#entities.subscriptionsTo(id);
    return [
      ...changes,
      ...subscriptions.map((one): EntityChange => ({ kind: 'subscription', id: one.id, value: this.#toGiven(one) })),
    ];
  }

  /** @param status null = it is as it was given */
  #stop(id: string | undefined, status: LifeCycleStatus | null): EntityChange[] {
    const api = this.#byId.get(id ?? '');
    if (!api || (this.#stopped.get(api.id) ?? null) === status) return [];
    if (status) this.#stopped.set(api.id, status);
    else this.#stopped.delete(api.id);
    return [this.#announce(api)];
  }

  #announce({ id, value }: GivenApi): EntityChange {
    return { kind: 'api', id, value: { ...value, status: this.#stopped.get(id) ?? value.status } };
  }

  #toGiven(subscription: Subscription): Subscription {
    const apiId = this.#given.get(subscription.apiId);
    return apiId === undefined ? subscription : { ...subscription, apiId };
  }
}

/** What every gateway has a use for, if it is not defined: "no limit", and the limit of those without credentials. */
function withoutDefinition(given: readonly EntityChange[]): EntityChange[] {
  return builtInPolicies
    .filter(({ name }) => name === unlimited || name === 'Unauthenticated')
    .map((value): EntityChange => ({ kind: 'policy', id: policyId(value.level, value.name), value }))
    .filter(({ id }) => !given.some((one) => one.kind === 'policy' && one.id === id));
}

/** What the control plane decided about an API that holds wherever it is served. The rest of its life is the artifact's. */
const stops: ReadonlySet<LifeCycleStatus> = new Set(['BLOCKED', 'RETIRED']);

const nameOf = ({ name, version }: Api): string => JSON.stringify([name, version]);
