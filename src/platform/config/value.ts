/** Checks a given value against its option, and reads it from a string where the source knows only strings. */

import type { Option } from './schema.ts';

/** The value, or what was expected in its place. */
export type Checked = { readonly value: unknown } | { readonly expected: string };

/** A value of a configuration file, which has types. */
export function check(option: Option, given: unknown): Checked {
  return isValid(option, given) ? { value: canonical(option, given) } : { expected: expectation(option) };
}

/** A value of a flag or of the environment, which are strings. */
export function read(option: Option, given: string): Checked {
  return check(option, fromString(option, given.trim(), given));
}

/** In words, what an option accepts: `an integer from 0 to 65535`. */
export function expectation(option: Option): string {
  switch (option.type) {
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list of strings';
    case 'string':
      return option.enum ? `one of ${option.enum.join(', ')}` : 'a string';
    default: {
      const noun = option.type === 'integer' ? 'an integer' : 'a number';
      const { minimum, maximum } = option;
      if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}`;
      if (minimum !== undefined) return `${noun} of at least ${minimum}`;
      return maximum === undefined ? noun : `${noun} of at most ${maximum}`;
    }
  }
}

function isValid(option: Option, given: unknown): boolean {
  switch (option.type) {
    case 'boolean':
      return typeof given === 'boolean';
    case 'array':
      return Array.isArray(given) && given.every((item) => typeof item === 'string');
    case 'string':
      return typeof given === 'string' && (!option.enum || wordOf(option.enum, given) !== undefined);
    default:
      return (
        typeof given === 'number' &&
        (option.type === 'integer' ? Number.isSafeInteger(given) : Number.isFinite(given)) &&
        given >= (option.minimum ?? -Infinity) &&
        given <= (option.maximum ?? Infinity)
      );
  }
}

function canonical(option: Option, valid: unknown): unknown {
  return option.type === 'string' && option.enum ? wordOf(option.enum, valid as string) : valid;
}

function wordOf(words: readonly string[], given: string): string | undefined {
  return words.find((word) => word.toLowerCase() === given.toLowerCase());
}

/** What can't be read stays a string, which then is of the wrong type. */
function fromString(option: Option, trimmed: string, given: string): unknown {
  switch (option.type) {
    case 'boolean':
      return /^true$/i.test(trimmed) ? true : /^false$/i.test(trimmed) ? false : given;
    case 'integer':
      return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : given;
    case 'number':
      return /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : given;
    case 'array':
      return trimmed
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    default:
      return given;
  }
}
