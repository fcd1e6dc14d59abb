/** How much of what costs us something a client may do: a burst, and from then on so much a second. */
export class Budget {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** False = it is used up. */
  spend(amount: number): boolean {
    this.#left -= amount;
    return this.#left >= 0;
  }

  refill(milliseconds: number): void {
    this.#left = Math.min(this.#burst, this.#left + (this.#perSecond * milliseconds) / 1000);
  }
}
