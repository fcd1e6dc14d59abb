/** Whom an administrator has shut out, as a thread looks it up. While there are no rules, a request pays for two flags. */
import type { DenyRule } from '../../core/deny-rule.ts';
import { addressRange, comparableAddress } from '../../core/ip-address.ts';

type Holds = (address: string) => boolean;

export class DenyRules {
  /** Takes a rule out of force again, by its id. */
  readonly #remove = new Map<string, () => void>();
  readonly #apis = new Set<string>();
  readonly #addresses = new Set<string>();
  readonly #ranges = new Set<Holds>();
  readonly #users = new Set<string>();
  readonly #applications = new Set<number>();

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
    for (const holds of this.#ranges) if (holds(comparable)) return true;
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
  <T>(set: Set<T>, value: T) =>
  () => {
    set.add(value);
    return () => void set.delete(value);
  };
