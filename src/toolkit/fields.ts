/** Reads the fields of an object that a user wrote, with an error at its place for each that is not as expected. */
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import { pointer } from '../platform/yaml-source.ts';

export type Raw = Readonly<Record<string, unknown>>;

export class Fields {
  /** JSON pointer of the object. */
  readonly place: string;
  readonly #raw: Raw;
  readonly #what: string;
  readonly #problems: ProblemList;
  readonly #known = new Set<string>();

  private constructor(raw: Raw, place: string, what: string, problems: ProblemList) {
    this.#raw = raw;
    this.place = place;
    this.#what = what;
    this.#problems = problems;
  }

  /** Null, with an error, for what is no object. `what` names it in messages. */
  static of(value: unknown, place: string, what: string, problems: ProblemList): Fields | null {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return new Fields(value as Raw, place, what, problems);
    }
    problems.error(place, `${what} is no object`, `write an object of its settings; this is ${typeName(value)}`);
    return null;
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  at(key: string): string {
    return `${this.place}${pointer(key)}`;
  }

  string(key: string): string | undefined {
    return this.#typed(key, 'a text', (value) => (typeof value === 'string' ? value : undefined));
  }

  boolean(key: string): boolean | undefined {
    return this.#typed(key, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  number(key: string, min: number, max: number): number | undefined {
    const range = `a number from ${min} to ${max}`;
    return this.#typed(key, range, (value) =>
      typeof value === 'number' && value >= min && value <= max ? value : undefined,
    );
  }

  integer(key: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const range =
      max === Number.MAX_SAFE_INTEGER ? `a whole number, at least ${min}` : `a whole number from ${min} to ${max}`;
    return this.#typed(key, range, (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined,
    );
  }

  choice<const T extends string>(key: string, choices: readonly T[]): T | undefined {
    const remedy = `one of: ${choices.join(', ')}`;
    return this.#typed(key, remedy, (value) => choices.find((choice) => choice === value));
  }

  strings(key: string): readonly string[] | undefined {
    return this.#typed(key, 'a list of texts', (value) =>
      Array.isArray(value) && value.every((item) => typeof item === 'string') ? (value as string[]) : undefined,
    );
  }

  integers(key: string, min: number, max: number): readonly number[] | undefined {
    return this.#typed(key, `a list of whole numbers from ${min} to ${max}`, (value) =>
      Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= min && item <= max)
        ? (value as number[])
        : undefined,
    );
  }

  /** The object at a key, for its own fields. */
  object(key: string): Fields | null {
    const value = this.#value(key);
    return value === undefined ? null : Fields.of(value, this.at(key), `'${key}' of ${this.#what}`, this.#problems);
  }

  /** A problem for each key that was not asked for. Call it last. */
  rest(severity: 'error' | 'warning'): void {
    for (const key of Object.keys(this.#raw)) {
      if (this.#known.has(key)) continue;
      const meant = this.#problems.suggest(key, this.#known);
      const remedy = meant ? `did you mean '${meant}'?` : `leave it out; known are: ${[...this.#known].join(', ')}`;
      const message = `${this.#what} has no setting '${key}'`;
      if (severity === 'error') this.#problems.error(this.at(key), message, remedy);
      else this.#problems.warn(this.at(key), `${message}; it has no effect`, remedy);
    }
  }

  #typed<T>(key: string, expected: string, read: (value: unknown) => T | undefined): T | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    const result = read(value);
    if (result === undefined) {
      const shown =
        typeof value === 'string'
          ? `the text '${value.slice(0, 60)}'`
          : typeof value === 'number'
            ? value
            : typeName(value);
      this.#problems.error(this.at(key), `'${key}' of ${this.#what} is ${shown}`, `write ${expected}`);
    }
    return result;
  }

  #value(key: string): unknown {
    this.#known.add(key);
    return Object.hasOwn(this.#raw, key) ? this.#raw[key] : undefined;
  }
}

export function typeName(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? 'a text' : typeof value === 'number' ? 'a number' : 'an object';
}
