/** How many connections each address has: a client that opens thousands must not leave none for others. */
import type { Socket } from 'node:net';

export class Addresses {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  /** @param most connections of one address at the same time; 0 = any number */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a connection until it closes. False = there are too many of its address, and it is not counted. */
  admit(socket: Socket): boolean {
    if (this.#most === 0) return true;
    const address = socket.remoteAddress ?? '';
    const open = this.#open.get(address) ?? 0;
    if (open >= this.#most) return false;
    this.#open.set(address, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(address) ?? 1) - 1;
      if (left === 0) this.#open.delete(address);
      else this.#open.set(address, left);
    });
    return true;
  }
}
