/**
 * Fields that are set for one request of a client after the other. The same list again need not be looked at again, and
 * goes out in one piece.
 */
import { areSafe } from '../safe-fields.ts';
import type { Field } from '../wire.ts';
import { encodeFields } from './output.ts';

export class RepeatedFields {
  #list: readonly Field[] | null = null;
  #isSafe = false;
  /** Null until the list has come a second time. */
  #bytes: Buffer | null = null;

  /** May they be sent? */
  accept(list: readonly Field[]): boolean {
    if (list === this.#list) {
      if (this.#isSafe) this.#bytes ??= encodeFields(list);
      return this.#isSafe;
    }
    this.#list = list;
    this.#bytes = null;
    this.#isSafe = areSafe(list);
    return this.#isSafe;
  }

  /** Null unless this very list has come twice. */
  bytesOf(list: readonly Field[]): Buffer | null {
    return list === this.#list ? this.#bytes : null;
  }
}
