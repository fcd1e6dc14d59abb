/** Whom an administrator has shut out, as a thread looks it up. While there are no rules, a request pays for two flags. */
import type { DenyRule } from '../../core/deny-rule.ts';
import { addressRange, comparableAddress } from '../../core/ip-address.ts';

type Holds = (address: string) => boolean;

/** What rules are about, and how many of them: of two about the same, one may go. */
type Counts<T> = Map<T, number>;

export class DenyRules {
  /** Takes a rule out of force again, by its id. */
  readonly #remove = new Map<string, () => void>();
  readonly #apis: Counts<string> = new Map();
  readonly #addresses: Counts<string> = new Map();
  readonly #ranges: Counts<Holds> = new Map();
  readonly #users: Counts<string> = new Map();
  readonly #applications: Counts<number> = new Map();

  /** Whether any rule is about where requests come from or which API they want. */
  aboutRequests = false;
  /** Whether any rule is about who calls. */
  aboutCallers = false;

  /**
   * Puts a rule into force, in place of the one with this id.
   * @param application number of the application that a rule about one means; null = there is no such application
   * @throws AddressError when a rule about an address names none
   */
  put(id: string, rule: DenyRule, application: number | null): void {
    const add = this.#adding(rule, application);
    this.delete(id);
    this.#remove.set(id, add());
    this.#flag();
  }

  delete(id: string): void {
    this.#remove.get(id)?.();
    this.#remove.delete(id);
    this.#flag();
  }

  /** @param api context and version: `/pizzashack/1.0.0` */
  deniesRequest(api: string, address: string): boolean {
    if (this.#apis.has(api)) return true;
    if (this.#addresses.size === 0 && this.#ranges.size === 0) return false;
    const comparable = comparableAddress(address);
    // Who could be anybody may be the one who is meant.
    if (comparable === null || this.#addresses.has(comparable)) return true;
    for (const holds of this.#ranges.keys()) if (holds(comparable)) return true;
    return false;
  }

  /** @param subject `name@tenant` */
  deniesCaller(subject: string, application: number): boolean {
    return this.#users.has(subject) || this.#applications.has(application);
  }

  #adding({ type, value, invert }: DenyRule, application: number | null): () => () => void {
    switch (type) {
      case 'API':
        return adding(this.#apis, value);
      case 'USER':
        return adding(this.#users, value);
      case 'APPLICATION':
        return application === null ? () => () => undefined : adding(this.#applications, application);
      case 'IP':
      case 'IPRANGE': {
        const [first = '', last = first] = value.split('-');
        const contains = addressRange(first, last);
        if (invert) return adding(this.#ranges, (address: string) => !contains(address));
        return type === 'IP'
          ? adding(this.#addresses, comparableAddress(value) as string)
          : adding(this.#ranges, contains);
      }
    }
  }

  #flag(): void {
    this.aboutRequests = this.#apis.size + this.#addresses.size + this.#ranges.size > 0;
    this.aboutCallers = this.#users.size + this.#applications.size > 0;
  }
}

const adding =
  <T>(counts: Counts<T>, value: T) =>
  () => {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    return () => {
      const left = (counts.get(value) ?? 0) - 1;
      if (left > 0) counts.set(value, left);
      else counts.delete(value);
    };
  };
