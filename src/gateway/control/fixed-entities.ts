/** What a microgateway was given, and what a source may add to it. */
import type { Api } from '../../core/api.ts';
import type { Subscription } from '../../core/application.ts';
import { builtInPolicies, unlimited } from '../../core/policy.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { policyId } from '../throttling/policies.ts';
import type { Entities } from './entities.ts';
import type { EntitySink } from './follower.ts';

const givenKinds: readonly EntityChange['kind'][] = ['api', 'policy', 'issuer'];

export class FixedEntities implements EntitySink {
  readonly #entities: Entities;
  readonly #fixed: readonly EntityChange[];
  readonly #fixedPolicies: ReadonlySet<string>;
  /** Ids of the given APIs by name and version. */
  readonly #apis = new Map<string, string>();
  /** Which of them an API of the source is. */
  readonly #given = new Map<string, string>();

  /** @throws Error if something is given that is for a source to say */
  constructor(entities: Entities, given: readonly EntityChange[]) {
    const wrong = given.find(({ kind, value }) => !givenKinds.includes(kind) || value === null);
    if (wrong) throw new Error(`${wrong.kind} ${wrong.id}: a microgateway is given APIs, policies and issuers only`);
    this.#entities = entities;
    this.#fixed = [...withoutDefinition(given), ...given];
    this.#fixedPolicies = new Set(this.#fixed.filter(({ kind }) => kind === 'policy').map(({ id }) => id));
    for (const { kind, id, value } of given) if (kind === 'api' && value) this.#apis.set(nameOf(value), id);
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
    // What belongs together by name has to be known before the subscriptions are read.
    for (const { kind, id, value } of snapshot) if (kind === 'api' && value) this.#tie(id, value);
    this.#entities.replace([...this.#fixed, ...this.#admitted(snapshot)]);
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

  /** Learns which of the given APIs this one of the source is; returns the subscriptions that are to that one now. */
  #tie(id: string, api: Api | null): EntityChange[] {
    const given = api ? this.#apis.get(nameOf(api)) : undefined;
    if (given === this.#given.get(id)) return [];
    if (given === undefined) {
      this.#given.delete(id);
      return [];
    }
    this.#given.set(id, given);
    return this.#entities
      .subscriptionsTo(id)
      .map((one) => ({ kind: 'subscription', id: one.id, value: this.#toGiven(one) }));
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

const nameOf = ({ name, version }: Api): string => JSON.stringify([name, version]);
