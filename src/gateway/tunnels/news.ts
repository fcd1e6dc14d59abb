/**
 * How threads with open tunnels hear that something was decided: they wait on a word of shared memory, which the main
 * thread raises. Without tunnels nobody waits, and a decision costs two writes.
 */
import { newsWord } from '../shared-state.ts';

/** What was decided is where threads find it; whoever waits looks now. */
export function announceNews(control: Int32Array): void {
  Atomics.add(control, newsWord, 1);
  Atomics.notify(control, newsWord);
}

/** The number of the newest news. */
export function newestNews(control: Int32Array): number {
  return Atomics.load(control, newsWord);
}

/** Resolves when there are newer news than `known`. It keeps no thread running. */
export async function newsAfter(control: Int32Array, known: number): Promise<void> {
  const { async: isLater, value } = Atomics.waitAsync(control, newsWord, known);
  if (isLater) await value;
}
