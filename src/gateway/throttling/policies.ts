/** The limits behind the names of policies. A reference stays when its policy changes, so limits take effect at once. */
import { type Limit, type Policy, type PolicyLevel, unlimited } from '../../core/policy.ts';
import { type CompiledGroup, compileGroup } from './conditional-groups.ts';

/** What a policy's name stands for at present. */
export interface PolicyRef {
  /** null = no limit; undefined = no such policy. */
  limit: Limit | null | undefined;
  /** false: over-use passes. */
  stopOnQuota: boolean;
  /** null = none. */
  burst: Limit | null;
  /** null = every request has `limit`. */
  groups: readonly CompiledGroup[] | null;
}

/** Milliseconds that a message of the main thread may take, when all is well. */
const newsLimit = 1000;

export class Policies {
  readonly #byId = new Map<string, PolicyRef>();
  readonly #byNumber: PolicyRef[] = [];
  #news = Promise.withResolvers<void>();

  /** The policy of this name, also before (or after) there is one. */
  ref(level: PolicyLevel, name: string): PolicyRef {
    return this.#ref(policyId(level, name), name);
  }

  /** By the number that stands for the policy in shared memory; undefined if none was adopted. */
  at(number: number): PolicyRef | undefined {
    return this.#byNumber[number];
  }

  /** Lets `number` stand for the policy with this id. */
  adopt(number: number, id: string): void {
    this.#byNumber[number] = this.#ref(id, id.slice(id.indexOf('|') + 1));
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Resolves when a number was adopted, after `newsLimit` at the latest. */
  news(): Promise<void> {
    const { promise, resolve } = this.#news;
    const timer = setTimeout(resolve, newsLimit);
    return promise.finally(() => clearTimeout(timer));
  }

  /** @throws PatternError, AddressError when a condition can't be used */
  put({ level, name, limit, stopOnQuota, burst, groups = [] }: Policy): void {
    const compiled = groups.length === 0 ? null : groups.map(compileGroup);
    const changed: PolicyRef = { limit, stopOnQuota, burst: burst ?? null, groups: compiled };
    Object.assign(this.ref(level, name), changed);
  }

  /** @param id as `policyId` makes it */
  delete(id: string): void {
    const ref = this.#byId.get(id);
    if (ref) Object.assign(ref, { limit: undefined, stopOnQuota: true, burst: null, groups: null } satisfies PolicyRef);
  }

  #ref(id: string, name: string): PolicyRef {
    let ref = this.#byId.get(id);
    if (!ref) {
      ref = { limit: name === unlimited ? null : undefined, stopOnQuota: true, burst: null, groups: null };
      this.#byId.set(id, ref);
    }
    return ref;
  }
}

/** The entity id of a policy. */
export function policyId(level: PolicyLevel, name: string): string {
  return `${level}|${name}`;
}
