/**
 * What a data-plane thread is still to be told, in order. Many changes go in pieces, each when the one before was applied:
 * a thread that is told of 100,000 APIs at once would do nothing else for seconds.
 */
import type { ThreadChange, ToThread } from '../data-plane/messages.ts';

/** Changes that a thread applies in some ten milliseconds. */
const mostAtOnce = 500;

/** Messages that have to be in order. */
type Ordered = Extract<ToThread, { type: 'changes' | 'answer' }>;

export class Outbox {
  readonly #post: (message: ToThread) => void;
  readonly #queue: Ordered[] = [];
  #isApplying = false;
  #isClosed = false;
  #settled: (() => void)[] = [];

  constructor(post: (message: ToThread) => void) {
    this.#post = post;
  }

  tell(changes: readonly ThreadChange[]): void {
    for (let at = 0; at < changes.length; at += mostAtOnce) {
      this.#queue.push({ type: 'changes', changes: changes.slice(at, at + mostAtOnce) });
    }
    this.#send();
  }

  /** After the changes before it. */
  answer(answer: Extract<ToThread, { type: 'answer' }>): void {
    this.#queue.push(answer);
    this.#send();
  }

  /** The thread has applied the last piece. */
  applied(): void {
    this.#isApplying = false;
    this.#send();
  }

  /** Resolves when everything up to now was applied; or when the thread is gone, and `close` was called. */
  settled(): Promise<void> {
    return this.#isApplying ? new Promise((resolve) => this.#settled.push(resolve)) : Promise.resolve();
  }

  /** The thread is gone. The one that takes its place begins with all that there is to know. */
  close(): void {
    this.#isClosed = true;
    this.#isApplying = false;
    this.#send();
  }

  #send(): void {
    if (this.#isClosed) this.#queue.length = 0;
    while (!this.#isApplying) {
      const message = this.#queue.shift();
      if (!message) break;
      this.#isApplying = message.type === 'changes';
      this.#post(message);
    }
    if (!this.#isApplying) for (const resolve of this.#settled.splice(0)) resolve();
  }
}
