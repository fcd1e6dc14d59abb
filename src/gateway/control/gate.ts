/** Whether traffic is served: one word that all data-plane threads read. */
import type { Log } from '../../platform/log.ts';
import { outOfRoom, serving, servingWord } from '../shared-state.ts';

export class Gate {
  readonly #control: Int32Array;
  readonly #log: Log;
  #reason: string | null = 'APIs and revocations have not been loaded';
  #forGood = false;

  constructor(control: SharedArrayBuffer, log: Log) {
    this.#control = new Int32Array(control);
    this.#log = log;
  }

  get isOpen(): boolean {
    return Atomics.load(this.#control, servingWord) === serving;
  }

  /** Why traffic is refused, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Serves traffic, unless a decision could not be held. */
  open(): void {
    if (this.#forGood) return;
    this.#reason = null;
    Atomics.store(this.#control, servingWord, serving);
  }

  /** Refuses traffic from now on: a decision that the gateway was told can't be enforced. */
  shut(reason: string): void {
    if (!this.#forGood) this.#log.fatal({ reason }, 'the gateway no longer serves: it could not enforce a decision');
    this.#forGood = true;
    this.#reason = reason;
    Atomics.store(this.#control, servingWord, outOfRoom);
  }
}
