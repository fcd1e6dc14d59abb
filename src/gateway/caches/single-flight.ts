/** Concurrent calls for one key become one: whoever comes while it is under way shares its outcome. */

export class SingleFlight<V> {
  readonly #flights = new Map<string, Promise<V>>();

  /** Calls under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** The call under way for `key`, if there is one. */
  get(key: string): Promise<V> | undefined {
    return this.#flights.size === 0 ? undefined : this.#flights.get(key);
  }

  /**
   * The outcome of the call for `key` that is under way, or of `call`, which is made now. An error goes to all who
   * wait and is not kept: the next to come makes the call again. Nobody has to be waiting for the outcome.
   */
  run(key: string, call: () => Promise<V>): Promise<V> {
    const underWay = this.#flights.get(key);
    if (underWay) return underWay;
    const flight = new Promise<V>((resolve) => resolve(call())); // so that a synchronous throw is a rejection, too
    this.#flights.set(key, flight);
    const land = () => {
      this.#flights.delete(key);
    };
    flight.then(land, land);
    return flight;
  }
}
