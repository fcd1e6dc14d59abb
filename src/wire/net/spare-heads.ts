/** Parsers of heads for clients that are asking: one that has not asked for a moment has none, and weighs less. */
import { Head } from './head.ts';

const spare: Head[] = [];
const maxSpare = 256;

export const takeHead = (): Head => spare.pop() ?? new Head();

/** Nobody may look at it any more. */
export function giveBack(head: Head): void {
  head.forget();
  if (spare.length < maxSpare) spare.push(head);
}
