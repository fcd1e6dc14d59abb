/** Whether traffic is served: one word that all data-plane threads read. */
import type { Log } from '../../platform/log.ts';
import { outOfRoom, serving, servingWord } from '../shared-state.ts';

export class Gate {
  readonly #control: Int32Array;
  readonly #log: Log;
  /** Why it is shut for good. */
  #reason: string | null = null;

  constructor(control: SharedArrayBuffer, log: Log) {
    this.#control = new Int32Array(control);
    this.#log = log;
  }

  get isOpen(): boolean {
    return Atomics.load(this.#control, servingWord) === serving;
  }

  /** Why traffic is refused, or null. `failure`: why what it waits for can't be loaded, as far as that is known. */
  reason(failure: string | null): string | null {
    if (this.isOpen) return null;
    return this.#reason ?? failure ?? 'APIs and revocations have not been loaded';
  }

  /** Serves traffic, unless a decision could not be held. */
  open(): void {
    if (this.#reason !== null) return;
    Atomics.store(this.#control, servingWord, serving);
  }

  /** Refuses traffic from now on: a decision that the gateway was told can't be enforced. */
  shut(reason: string): void {
    if (this.#reason === null)
      this.#log.fatal({ reason }, 'the gateway no longer serves: it could not enforce a decision');
    this.#reason = reason;
    Atomics.store(this.#control, servingWord, outOfRoom);
  }
}
