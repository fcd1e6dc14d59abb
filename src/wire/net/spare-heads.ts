/** Parsers of heads for clients that are asking: one that has not asked for a moment has none, and weighs less. */
import type { ReservedFields } from '../reserved.ts';
import { Head } from './head.ts';

const spare: Head[] = [];
const maxSpare = 256;

export function takeHead(reserved: ReservedFields): Head {
  const head = spare.pop() ?? new Head();
  head.reserved = reserved;
  return head;
}

/** Nobody may look at it any more. */
export function giveBack(head: Head): void {
  head.forget();
  if (spare.length < maxSpare) spare.push(head);
}
