/** How far long work has come: one line on standard error that is written over; nothing where nobody watches. */
import { printable } from '../printable.ts';

export class Progress {
  readonly #isSeen = process.stderr.isTTY === true;

  show(text: string): void {
    if (this.#isSeen) process.stderr.write(`\r\x1b[K${printable(text)}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isSeen) process.stderr.write('\r\x1b[K');
  }
}

/** A remark that is no result: on standard error, so that what is piped stays clean. */
export function note(text: string): void {
  process.stderr.write(`postern: ${printable(text)}\n`);
}
