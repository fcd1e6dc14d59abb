/**
 * The journals of a disk copy, `journal-1.log`, `journal-2.log`, …: changes go to the newest, those before it are there
 * until what they say is elsewhere.
 */
import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../platform/log.ts';
import { Journal, type JournalRecord } from './journal.ts';

/** Changes that are held back while the disk takes nothing. */
const maxPending = 100_000;
/** Milliseconds until what could not be written is tried again, if nothing comes before. */
const retryAfter = 1000;

export class Journals {
  /** Of the changes that come: whose history their numbers belong to. */
  epoch = '';
  readonly #dir: string;
  readonly #log: Log;
  /** Number of the newest journal. */
  #generation: number;
  /** null: the next change begins one. */
  #journal: Journal | null = null;
  /** What could not be written yet; it goes before what comes next. */
  #pending: JournalRecord[] = [];
  /** Of journals that are not in use any more. */
  #oldBytes = 0;
  #failure: string | null = null;
  #retry: NodeJS.Timeout | undefined;

  /** @throws the system's error if the folder can't be read */
  constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.#log = log;
    this.#generation = this.#generations().at(-1) ?? 0;
  }

  /** Why changes don't reach the disk at the moment, or null. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Bytes in all of them. */
  get size(): number {
    return this.#oldBytes + (this.#journal?.size ?? 0);
  }

  /** They are in the kernel's hands when it returns. Failure is logged and kept. */
  append(records: readonly JournalRecord[]): void {
    try {
      this.#pending.push(...records);
      this.#journal ??= this.#begin();
      this.#journal.append(this.#pending);
      this.#pending = [];
      if (this.#failure) this.#log.info({ dir: this.#dir }, 'the disk copy can be written again');
      this.#failure = null;
    } catch (error) {
      if (!this.#failure) this.#log.error({ err: error, dir: this.#dir }, 'the disk copy could not be written');
      this.#failure = (error as Error).message;
      // Memory has an end. A later start notices the gap by the numbers.
      if (this.#pending.length > maxPending) this.#pending = [];
      this.#retry ??= setTimeout(() => this.#tryAgain(), retryAfter).unref();
    }
  }

  /** What is held back must not wait for the next change: the process may be killed before. */
  #tryAgain(): void {
    this.#retry = undefined;
    if (this.#pending.length > 0) this.append([]);
  }

  /** Ends the one in use; from now on a change begins another. Resolves with its number when it is on the disk. */
  async end(): Promise<number> {
    const journal = this.#journal;
    const last = this.#generation;
    this.#oldBytes += journal?.size ?? 0;
    this.#journal = null;
    await journal?.close();
    return last;
  }

  /** Nothing is written from now on. Resolves when everything is on the disk. */
  async close(): Promise<void> {
    clearTimeout(this.#retry);
    await this.end();
  }

  /** What was held back is elsewhere now. */
  forgetPending(): void {
    this.#pending = [];
    this.#failure = null;
  }

  /** Counts the bytes of the old ones from 0: nobody need look at them before they have grown again. */
  forgetSize(): void {
    this.#oldBytes = 0;
  }

  /** The files up to a number, in order. Default: all. */
  files(last = this.#generation): string[] {
    const generations = this.#generations().filter((generation) => generation <= last);
    return generations.map((generation) => this.#file(generation));
  }

  /** Removes those up to a number. */
  async remove(last: number): Promise<void> {
    for (const file of this.files(last)) await rm(file);
    this.measure();
  }

  /** Looks at the disk how large they are. */
  measure(): void {
    const old = this.files().filter((file) => file !== this.#journal?.file);
    this.#oldBytes = old.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  #begin(): Journal {
    this.#generation += 1;
    return new Journal(this.#file(this.#generation), this.epoch);
  }

  #file(generation: number): string {
    return join(this.#dir, `journal-${generation}.log`);
  }

  /** Numbers of the journals that there are, in order. */
  #generations(): number[] {
    const numbers = readdirSync(this.#dir).map((name) => Number(/^journal-(\d+)\.log$/.exec(name)?.[1]));
    return numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
  }
}
