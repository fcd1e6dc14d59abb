/**
 * Consumer keys and subscriptions in shared memory: once per process, however many threads and subscriptions there
 * are. The main thread writes, the data-plane threads read.
 */
import type { KeyType, SubscriptionState } from '../../core/application.ts';
import { type Fingerprinter, fingerprintWords } from '../../platform/fingerprint.ts';
import { SharedTable, SharedTableReader } from '../../platform/shared-table.ts';

const states: readonly SubscriptionState[] = ['UNBLOCKED', 'BLOCKED', 'PROD_ONLY_BLOCKED', 'ON_HOLD', 'REJECTED'];

/** What fingerprints of consumer keys, and of applications, are told from others by. */
const clientKind = 6;
const applicationKind = 7;

/** What the threads are given. */
export interface SubscriptionBuffers {
  readonly clients: SharedArrayBuffer;
  readonly subscriptions: SharedArrayBuffer;
}

/**
 * The words by which a consumer key is looked up.
 * @param issuer of a key manager that isn't ours; its keys are others than ours of the same name
 */
export function clientFingerprint(fingerprinter: Fingerprinter, consumerKey: string, issuer?: string): Uint32Array {
  const words = new Uint32Array(fingerprintWords);
  fingerprinter.write(words, 0, clientKind, ...(issuer === undefined ? [consumerKey] : [issuer, consumerKey]));
  return words;
}

/** The words by which the application itself is looked up, for credentials that name it and no consumer key. */
export function applicationFingerprint(fingerprinter: Fingerprinter, id: string): Uint32Array {
  const words = new Uint32Array(fingerprintWords);
  fingerprinter.write(words, 0, applicationKind, id);
  return words;
}

/** The reading side. */
export class SubscriptionReader {
  /** Consumer key or application -> [application, tier << 1 | sandbox]. */
  readonly #clients: SharedTableReader;
  /** Application and API -> [tier << 3 | state]. */
  readonly #subscriptions: SharedTableReader;
  readonly #pair = new Uint32Array(fingerprintWords);

  constructor({ clients, subscriptions }: SubscriptionBuffers) {
    this.#clients = new SharedTableReader(clients);
    this.#subscriptions = new SharedTableReader(subscriptions);
  }

  /** Where a consumer key's entry is; -1 if it is unknown. */
  findClient(client: Uint32Array): number {
    return this.#clients.find(client, 0);
  }

  applicationOf(client: number): number {
    return this.#clients.value(client, 0);
  }

  applicationTierOf(client: number): number {
    return this.#clients.value(client, 1) >>> 1;
  }

  keyTypeOf(client: number): KeyType {
    return (this.#clients.value(client, 1) & 1) === 0 ? 'PRODUCTION' : 'SANDBOX';
  }

  /** The slot may have been given to another key since `findClient`; then nothing read from it counts. */
  stillClient(slot: number, client: Uint32Array): boolean {
    return this.#clients.holds(slot, client, 0);
  }

  /** Tier and state of the subscription of an application to an API in one word; -1 if there is none. */
  subscription(application: number, api: number): number {
    const pair = this.#pair;
    mix(pair, application, api);
    const slot = this.#subscriptions.find(pair, 0);
    if (slot < 0) return -1;
    const word = this.#subscriptions.value(slot, 0);
    return this.#subscriptions.holds(slot, pair, 0) ? word : -1;
  }
}

/** The policy number in a word that `subscription` returned. */
export function tierOf(word: number): number {
  return word >>> 3;
}

/** The state in a word that `subscription` returned. */
export function stateOf(word: number): SubscriptionState {
  return states[word & 7] ?? 'REJECTED';
}

/** The writing side, for the main thread. `put…` returns false when there is no room. */
export class SubscriptionTable {
  readonly #clients: SharedTable;
  readonly #subscriptions: SharedTable;
  readonly #pair = new Uint32Array(fingerprintWords);

  /** @param capacity consumer keys, and subscriptions, at most */
  constructor(capacity: number) {
    // Each key has an application, which has an entry too.
    this.#clients = new SharedTable({ capacity: 2 * capacity, valueWords: 2 });
    this.#subscriptions = new SharedTable({ capacity, valueWords: 1 });
  }

  get buffers(): SubscriptionBuffers {
    return { clients: this.#clients.buffer, subscriptions: this.#subscriptions.buffer };
  }

  putClient(client: Uint32Array, application: number, tier: number, keyType: KeyType): boolean {
    return this.#clients.put(client, 0, [application, ((tier << 1) | (keyType === 'SANDBOX' ? 1 : 0)) >>> 0]);
  }

  deleteClient(client: Uint32Array): void {
    this.#clients.delete(client, 0);
  }

  putSubscription(application: number, api: number, tier: number, state: SubscriptionState): boolean {
    mix(this.#pair, application, api);
    return this.#subscriptions.put(this.#pair, 0, [((tier << 3) | states.indexOf(state)) >>> 0]);
  }

  deleteSubscription(application: number, api: number): void {
    mix(this.#pair, application, api);
    this.#subscriptions.delete(this.#pair, 0);
  }
}

/**
 * The two numbers are the identity (words 2 and 3, so nothing collides); words 0 and 1, which choose the place, are
 * mixed so that consecutive numbers spread over the table.
 */
function mix(into: Uint32Array, application: number, api: number): void {
  let h = Math.imul(application, 0x9e3779b1) ^ Math.imul(api, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  into[0] = h ^ (h >>> 15);
  into[1] = Math.imul(h, 0xc2b2ae35) ^ (h >>> 13);
  into[2] = application;
  into[3] = api;
}
