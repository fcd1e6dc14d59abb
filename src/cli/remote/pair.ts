/** Options that say what one thing is called elsewhere. */
import { UsageError } from '../fail.ts';

/** Divided at the last `=`: names of attributes may have some. @param form of what was expected, as `theirs=ours` */
export function pair(option: string, text: string, form = 'theirs=ours'): readonly [string, string] {
  const at = text.lastIndexOf('=');
  if (at < 1 || at === text.length - 1) throw new UsageError(`${option} ${text}: expected ${form}`);
  return [text.slice(0, at), text.slice(at + 1)];
}
