/**
 * Keeps the gateway's decisions up to date: follows a source, applies its changes strictly in order and keeps the copy
 * on disk in step. It advances only over numbers that it holds, so whatever a source loses, repeats or reorders, the
 * gateway ends with what was decided.
 */
import { setTimeout } from 'node:timers/promises';
import { type ChangeSource, type Following, MalformedError, type Snapshot } from '../../adapters/brokers/source.ts';
import { type ChangeEvent, formatPosition, type HubEvent, type Position } from '../../core/events.ts';
import { entityKinds, type SnapshotHeader } from '../../core/snapshot.ts';
import { Backoff } from '../../platform/backoff.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Freshness } from '../freshness.ts';
import { applyChanges } from './apply-changes.ts';
import type { DiskCopy } from './disk-copy.ts';
import type { EntitySink } from './entity-sink.ts';
import { type Loaded, loadSnapshot } from './load-snapshot.ts';
import { RevocationLog } from './revocation-log.ts';

export interface FollowerDeps {
  readonly source: ChangeSource;
  readonly disk: DiskCopy;
  readonly sink: EntitySink;
  /** Told when it is certain that nothing is missing. */
  readonly freshness: Freshness;
  readonly clock: Clock;
  readonly log: Log;
  /** As in `GatewayDeps`. Default 0. */
  readonly sourceStartup?: number;
  /** Milliseconds, at most and at random, that a gateway waits before a reload, so that not all come at once. Default 500. */
  readonly reloadJitter?: number;
}

/** For `/status`. */
export interface FollowerState {
  readonly source: string;
  readonly connected: boolean;
  /** `epoch:number`; null = nothing has been loaded. */
  readonly position: string | null;
  /** The newest number that a source told of, by a head or by the change itself; null = no head came yet. */
  readonly head: number | null;
  /** Changes that are known to exist and are not applied yet. */
  readonly lag: number | null;
  /** When it was last certain that nothing was missing, milliseconds since the epoch; 0 = never. */
  readonly lastConfirmedHeadMs: number;
  /** Milliseconds since then, whatever the time of day; null = never. */
  readonly stalenessMs: number | null;
  readonly caughtUp: boolean;
  /** Snapshots fetched, gaps noticed and entities that could not be applied since the start. */
  readonly reloads: number;
  readonly gaps: number;
  readonly refused: number;
  /** Changes that came again, and lines that are none of a source: both changed nothing. */
  readonly repeated: number;
  readonly malformed: number;
  /** Why the source can't be followed, or the disk copy not be written, at the moment. */
  readonly sourceFailure: string | null;
  readonly diskFailure: string | null;
}

/** Milliseconds between attempts to get a snapshot, and between snapshots that did not help. */
const retry = { min: 50, max: 800 };
const again = { min: 500, max: 10_000 };
/** Attempts to get what follows one position, before a snapshot has to do. */
const maxGapsHere = 5;
/**
 * Milliseconds for which a source may fail before that is worth a line in the log: less than until the alarm that
 * nothing is heard, for which it is the reason.
 */
const patience = 4000;
const known = new Set<string>(entityKinds);
const knows = (kind: string): boolean => known.has(kind);

export class Follower {
  readonly #deps: FollowerDeps;
  readonly #revocationLog: RevocationLog;
  readonly #caughtUp = Promise.withResolvers<void>();
  #position: Position | null = null;
  #following: Following | null = null;
  #stopping = new AbortController();
  #connected = false;
  #isCaughtUp = false;
  #lastConfirmed = 0;
  /** A head that is ahead of the position, and when it was seen: what is to be held to have been complete then. */
  #target: { readonly number: number; readonly at: number; readonly elapsed: number } | null = null;
  /** The newest number that was heard of. */
  #head: number | null = null;
  /** The next event is the first of its connection. */
  #first = true;
  #came = 0;
  #reloads = 0;
  /** That are under way. */
  #recalls = 0;
  /** Before the next reload, if nothing was certain since the last. */
  readonly #again = new Backoff(again.min, again.max);
  #gaps = 0;
  /** Gaps at the present position. */
  #gapsHere = 0;
  #refused = 0;
  #repeated = 0;
  #malformed = 0;
  #sourceFailure: string | null = null;
  /** When the first failure since the last success was, as `Clock.elapsed`. */
  #failingSince: number | null = null;
  #complained = false;
  /** Name of the source that was connected last. */
  #followed: string | null = null;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
    this.#revocationLog = new RevocationLog(deps.log);
  }

  /** Resolves when everything that the source had was applied, for the first time. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp.promise;
  }

  /** Changes and entities that have come so far: more of them = a source tells something. */
  get came(): number {
    return this.#came;
  }

  get state(): FollowerState {
    const age = this.#deps.freshness.age();
    // Changes come before the head that counts them.
    const head = this.#head === null ? null : Math.max(this.#head, this.#position?.number ?? 0);
    return {
      source: this.#deps.source.name,
      connected: this.#connected,
      position: this.#position && formatPosition({ ...this.#position, at: undefined }),
      head,
      lag: head === null || !this.#position ? null : head - this.#position.number,
      lastConfirmedHeadMs: this.#lastConfirmed,
      stalenessMs: Number.isFinite(age) ? Math.round(age) : null,
      caughtUp: this.#isCaughtUp,
      reloads: this.#reloads,
      gaps: this.#gaps,
      refused: this.#refused,
      repeated: this.#repeated,
      malformed: this.#malformed,
      sourceFailure: this.#sourceFailure,
      diskFailure: this.#deps.disk.failure,
    };
  }

  /** Applies the disk copy and begins to follow. Resolves with whether there was a copy that can be served from. */
  async start(): Promise<boolean> {
    const { disk, sink, freshness, clock } = this.#deps;
    const copy = await disk.load();
    if (copy) {
      const { entities, revocations } = copy;
      sink.replace(entities.filter(({ kind }) => knows(kind)));
      this.#revocationLog.loaded('disk copy', { revocations, entities: entities.length + revocations });
      this.#lastConfirmed = copy.lastConfirmedHeadMs;
      if (copy.lastConfirmedHeadMs > 0) freshness.confirmAge(clock.now() - copy.lastConfirmedHeadMs);
      if (copy.header) this.#position = positionOf(copy.header);
    }
    if (this.#position) this.#follow();
    else void this.#reload();
    return this.#position !== null;
  }

  /**
   * Reads all revocations again, from the disk copy and from the source: some may have been let go of that count again.
   * What is followed goes on meanwhile, for nothing is missing of it.
   */
  recall(why: string): void {
    const { log, disk } = this.#deps;
    log.warn({ why }, 'reading all revocations again');
    // What is on disk need not wait for the source.
    disk.recall().catch((err: Error) => log.error({ err }, 'the revocations of the disk copy can not be read'));
    this.#recalls += 1;
    void this.#recallFromSource().finally(() => {
      this.#recalls -= 1;
    });
  }

  /** Ends following and brings the disk copy to rest. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#following?.stop();
    this.#following = null;
    this.#deps.source.close();
    this.#revocationLog.close();
    await this.#deps.disk.close();
  }

  #follow(): void {
    this.#following = this.#deps.source.follow(() => this.#position as Position, {
      connected: () => {
        this.#recovered();
        this.#nowFollows(this.#deps.source.name);
        this.#connected = true;
        this.#first = true;
        this.#target = null;
      },
      events: (events) => this.#receive(events),
      disconnected: (reason) => this.#failed(reason),
    });
  }

  #failed(reason: Error): void {
    this.#connected = false;
    if (reason instanceof MalformedError) this.#malformed += 1;
    const { log, source, clock, sourceStartup = 0 } = this.#deps;
    this.#sourceFailure = reason.message;
    this.#failingSince ??= clock.elapsed();
    // Once, not at every attempt.
    const limit = this.#followed === null ? Math.max(patience, sourceStartup) : patience;
    if (this.#complained || clock.elapsed() - this.#failingSince < limit) return;
    this.#complained = true;
    const what = this.#followed === null ? "the source can't be reached" : 'the source is lost';
    log.warn({ source: source.name, reason: reason.message }, `${what}; trying again`);
  }

  #nowFollows(source: string): void {
    const before = this.#followed;
    this.#followed = source;
    if (before !== null && before !== source) this.#deps.log.warn({ source, before }, 'another source is followed');
  }

  #recovered(): void {
    if (this.#complained) this.#deps.log.info({ source: this.#deps.source.name }, 'the source is back');
    this.#sourceFailure = null;
    this.#failingSince = null;
    this.#complained = false;
  }

  #receive(events: readonly HubEvent[]): void {
    let accepted: ChangeEvent[] = [];
    const flush = () => {
      if (accepted.length > 0) this.#accept(accepted);
      accepted = [];
    };
    for (const event of events) {
      const position = this.#position as Position;
      const first = this.#first;
      this.#first = false;
      if (event.type === 'change') {
        const next = position.number + accepted.length + 1;
        if (event.number < next) {
          this.#repeated += 1;
          continue;
        }
        if (event.number === next) {
          accepted.push(event);
          continue;
        }
        flush();
        this.#gap(`expected change ${next}, got ${event.number}`);
        return;
      }
      flush();
      if (event.type === 'reload' || event.epoch !== position.epoch) {
        void this.#reload(event);
        return;
      }
      if (!this.#seeHead(event.number, first)) return;
    }
    flush();
  }

  /** Returns false if something is missing. */
  #seeHead(number: number, first: boolean): boolean {
    const held = (this.#position as Position).number;
    if (number > held && !first) {
      this.#gap(`expected changes up to ${number}, got them up to ${held}`);
      return false;
    }
    const { clock } = this.#deps;
    this.#head = number;
    this.#target = { number, at: clock.now(), elapsed: clock.elapsed() };
    this.#confirm();
    return true;
  }

  /** Applies dense changes and then writes them down, before the next event is looked at. */
  #accept(changes: readonly ChangeEvent[]): void {
    const { disk, source } = this.#deps;
    // A kind that this version doesn't know has its number all the same. A revocation is never taken back.
    const news = changes.filter(({ kind, value }) => knows(kind) && (kind !== 'revocation' || value !== null));
    this.#refused += applyChanges(this.#deps.sink, news, this.#deps.log);
    disk.append(changes);
    this.#revocationLog.came(source.name, news);
    const { number, at } = changes.at(-1) as ChangeEvent;
    this.#position = { epoch: (this.#position as Position).epoch, number, at };
    this.#came += changes.length;
    this.#gapsHere = 0;
    this.#confirm();
  }

  /** Everything up to the head that was seen last is held: at that time, nothing was missing. */
  #confirm(): void {
    const target = this.#target;
    const held = this.#position as Position;
    if (!target || held.number < target.number) return;
    this.#target = null;
    this.#again.reset();
    // Revocations may be missing that are still to be read again: that is not certain.
    if (this.#recalls === 0) {
      this.#lastConfirmed = target.at;
      this.#deps.freshness.confirm(target.elapsed);
      this.#deps.disk.confirm(target.at, held.number);
    }
    this.#isCaughtUp = true;
    this.#caughtUp.resolve();
  }

  #gap(what: string): void {
    this.#gaps += 1;
    this.#gapsHere += 1;
    if (this.#gapsHere < maxGapsHere) {
      this.#following?.restart(new Error(`the source lost something: ${what}`));
      return;
    }
    // It won't come; a snapshot has it.
    void this.#reload(this.#position as Position);
  }

  /** Fetches everything anew, until that succeeds. `asked`: it is not the first time, and other gateways may do it too. */
  async #reload(asked?: Position): Promise<void> {
    const { log, source, reloadJitter = 500 } = this.#deps;
    const { signal } = this.#stopping;
    this.#following?.stop();
    this.#following = null;
    this.#connected = false;
    this.#target = null;
    const wait = new Backoff(retry.min, retry.max);
    try {
      if (asked) {
        log.warn(
          { position: this.#position, source: source.name, head: formatPosition(asked) },
          'loading everything anew',
        );
        await setTimeout(this.#again.next() + Math.random() * reloadJitter, undefined, { signal });
      }
      for (;;) {
        await setTimeout(wait.next(), undefined, { signal });
        try {
          await this.#load();
          break;
        } catch (error) {
          if (signal.aborted) return;
          this.#failed(error as Error);
        }
      }
    } catch {
      return; // Stopped.
    }
    if (signal.aborted) return;
    this.#recovered();
    this.#follow();
  }

  /** Until it succeeds, or everything is loaded anyway. */
  async #recallFromSource(): Promise<void> {
    const { source } = this.#deps;
    const { signal } = this.#stopping;
    const wait = new Backoff(again.min, again.max);
    while (this.#following) {
      try {
        const snapshot = await source.snapshot();
        // Of its state, what is followed is newer.
        await this.#apply(snapshot);
        return;
      } catch (error) {
        if (!signal.aborted) this.#deps.log.warn({ err: error }, 'the revocations of the source can not be read');
      }
      await setTimeout(wait.next(), undefined, { signal }).catch(() => {});
    }
  }

  async #load(): Promise<void> {
    const { disk, sink, source, log } = this.#deps;
    const snapshot = await source.snapshot();
    const loaded = await this.#apply(snapshot);
    if (!loaded) return;
    const { header } = snapshot;
    const { state, revocations } = loaded;
    sink.replace(state);
    this.#revocationLog.loaded(`snapshot of ${source.name}`, { revocations, entities: state.length + revocations });
    this.#position = positionOf(header);
    this.#reloads += 1;
    this.#gapsHere = 0;
    try {
      await disk.replace(header, state);
    } catch (error) {
      log.error({ err: error }, 'the snapshot could not be written to the disk copy');
    }
  }

  /** Puts the revocations of a snapshot in force; its state is returned. */
  async #apply(snapshot: Snapshot): Promise<Loaded | null> {
    const { disk, sink, log } = this.#deps;
    const loaded = await loadSnapshot(snapshot, {
      sink,
      disk: this.#position && disk,
      knows,
      log,
      signal: this.#stopping.signal,
      came: (entities) => {
        this.#came += entities;
      },
    });
    this.#refused += loaded?.refused ?? 0;
    return loaded;
  }
}

const positionOf = ({ epoch, number, at }: SnapshotHeader): Position => ({ epoch, number, at });
