/** What can stand in a message as it is. Control characters other than tab would end a field early and begin another. */
import { text, visible } from './characters.ts';
import type { Field } from './wire.ts';

export function areSafe(fields: readonly Field[]): boolean {
  for (const field of fields) if (!isSafe(field)) return false;
  return true;
}

/** Those of an answer that can be sent: without the others it is still an answer, and nobody's but its request's. */
export function safeFields(fields: readonly Field[]): readonly Field[] {
  return areSafe(fields) ? fields : fields.filter(isSafe);
}

export const isSafeTarget = (target: string): boolean => isOf(visible, target);

function isSafe(field: Field): boolean {
  return isOf(text, field[0]) && isOf(text, field[1]);
}

function isOf(table: Uint8Array, value: string): boolean {
  // Beyond the table there is nothing, which is not 1.
  for (let at = 0; at < value.length; at++) if (table[value.charCodeAt(at)] !== 1) return false;
  return true;
}
