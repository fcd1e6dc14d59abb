/**
 * The keys that issuers publish: fetched by the main thread, once for all data-plane threads, and kept up to date.
 * When an address can't be read, or has no key, the last good keys stay.
 */
import type { FetchJwks } from '../../adapters/key-managers/jwks.ts';
import type { Issuer, PublicJwk } from '../../core/token.ts';
import { Backoff } from '../../platform/backoff.ts';
import type { EventLog } from '../../platform/log.ts';
import type { KeyRenewal, ThreadChange } from '../data-plane/messages.ts';
import { TrustedIssuer } from '../security/issuers.ts';
import { FetchAllowance } from './fetch-allowance.ts';

export interface PublishedKeysDeps {
  readonly fetch: FetchJwks;
  /** Tells the threads. */
  readonly publish: (changes: readonly ThreadChange[]) => void;
  /** Milliseconds after which they are fetched again. */
  readonly refresh: number;
  /** Milliseconds in which one more fetch because a key isn't known is earned (FetchAllowance). */
  readonly cooldown: number;
  readonly log: EventLog;
  /** Milliseconds, like `performance.now()`. */
  readonly now?: () => number;
}

/** Milliseconds between attempts while an address can't be read. */
const retry = { min: 1000, max: 60_000 };

interface Watched {
  issuer: Issuer & { readonly jwksUrl: string };
  keys: readonly PublicJwk[];
  /** The fetch that is under way. */
  fetching: Promise<boolean> | null;
  /** How and when the last one ended. */
  succeeded: boolean;
  endedAt: number;
  readonly allowance: FetchAllowance;
  readonly wait: Backoff;
  timer: NodeJS.Timeout | undefined;
}

export class PublishedKeys {
  readonly #deps: PublishedKeysDeps;
  readonly #now: () => number;
  /** By entity id. */
  readonly #watched = new Map<string, Watched>();

  constructor(deps: PublishedKeysDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? (() => performance.now());
  }

  /** Changes on their way to the threads: begins to fetch the keys of new issuers, and adds those that are known. */
  watch(changes: readonly ThreadChange[]): readonly ThreadChange[] {
    for (const { kind, id, value } of changes) if (kind === 'issuer') this.#watch(id, value);
    return this.complete(changes);
  }

  /** The changes with the keys that are known by now. */
  complete(changes: readonly ThreadChange[]): readonly ThreadChange[] {
    if (this.#watched.size === 0) return changes;
    return changes.map(
      (change) => (change.kind === 'issuer' && change.value ? this.#completed(change.id) : null) ?? change,
    );
  }

  /**
   * A token of this issuer may be signed with a key that isn't known. Resolves when the keys have been fetched, or at
   * once if that may not be done again so soon: whoever sends such tokens must not make it a flood of fetches.
   */
  async renew(issuer: string): Promise<KeyRenewal> {
    for (const [id, watched] of this.#watched) {
      if (watched.issuer.issuer !== issuer) continue;
      const wait = watched.fetching ? 0 : watched.allowance.take(this.#now());
      if (wait > 0) return { retryAfter: Math.ceil(wait / 1000) };
      return (await this.#fetch(id, watched)) ? 'renewed' : 'failed';
    }
    return 'renewed';
  }

  /** For `/status`: by issuer, how many keys its address had, and whether it could be read the last time. */
  get state(): Record<string, { readonly keys: number; readonly reachable: boolean }> {
    const entries = [...this.#watched.values()].map(({ issuer, keys, succeeded }) => [
      issuer.issuer,
      { keys: keys.length, reachable: succeeded },
    ]);
    return Object.fromEntries(entries);
  }

  stop(): void {
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
    this.#watched.clear();
  }

  #watch(id: string, issuer: Issuer | null): void {
    const before = this.#watched.get(id);
    const { jwksUrl } = issuer ?? {};
    if (before && before.issuer.jwksUrl === jwksUrl && issuer) {
      before.issuer = { ...issuer, jwksUrl };
      return;
    }
    clearTimeout(before?.timer);
    this.#watched.delete(id);
    if (!issuer || jwksUrl === undefined) return;
    const watched: Watched = {
      issuer: { ...issuer, jwksUrl },
      keys: [],
      fetching: null,
      succeeded: false,
      endedAt: Number.NEGATIVE_INFINITY,
      allowance: new FetchAllowance(this.#deps.cooldown),
      wait: new Backoff(retry.min, retry.max),
      timer: undefined,
    };
    this.#watched.set(id, watched);
    watched.wait.next();
    void this.#fetch(id, watched);
  }

  #fetch(id: string, watched: Watched): Promise<boolean> {
    watched.fetching ??= this.#fetchNow(id, watched);
    return watched.fetching;
  }

  async #fetchNow(id: string, watched: Watched): Promise<boolean> {
    const { fetch, publish, refresh, log } = this.#deps;
    clearTimeout(watched.timer);
    const { issuer, jwksUrl } = watched.issuer;
    try {
      const keys = await fetch(jwksUrl);
      // Nobody withdraws the last key that he signs with; it is a fault at the other end, and would refuse every token.
      if (!new TrustedIssuer({ issuer, audience: null, keys }).hasKeys)
        throw new Error('the key set has no usable key');
      const isNew = JSON.stringify(keys) !== JSON.stringify(watched.keys);
      watched.keys = keys;
      if (!watched.succeeded) log.info({ issuer, keys: keys.length }, 'the keys of an issuer were fetched');
      watched.succeeded = true;
      watched.wait.reset();
      watched.wait.next();
      const change = isNew && this.#watched.get(id) === watched ? this.#completed(id) : null;
      if (change) publish([change]);
    } catch (error) {
      const failing = !watched.succeeded && watched.endedAt > Number.NEGATIVE_INFINITY;
      watched.succeeded = false;
      if (!failing) log.warn({ issuer, reason: (error as Error).message }, 'the keys of an issuer can not be fetched');
    }
    watched.endedAt = this.#now();
    watched.fetching = null;
    if (this.#watched.get(id) === watched) {
      const pause = watched.succeeded ? refresh : watched.wait.next();
      watched.timer = setTimeout(() => void this.#fetch(id, watched), pause).unref();
    }
    return watched.succeeded;
  }

  #completed(id: string): ThreadChange | null {
    const watched = this.#watched.get(id);
    if (!watched) return null;
    const { issuer, keys } = watched;
    return { kind: 'issuer', id, value: { ...issuer, keys: [...issuer.keys, ...keys] } };
  }
}
