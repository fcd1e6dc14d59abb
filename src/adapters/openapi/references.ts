/** `$ref` inside one document. References to other documents are not followed: neither files nor the network are read. */
import { pointer, segments } from '../../platform/yaml-source.ts';
import type { ProblemList } from './problem-list.ts';

export type Raw = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** References that lead to another one, at most. */
const maxHops = 10;

/** The names that a reference inside the document leads over; undefined = it leads elsewhere. */
export function namesIn(reference: string): string[] | undefined {
  if (!reference.startsWith('#')) return undefined;
  let text = reference.slice(1);
  try {
    text = decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing stands for itself.
  }
  return text === '' || text.startsWith('/') ? segments(text) : undefined;
}

export class References {
  readonly #root: Raw;
  readonly #problems: ProblemList;

  constructor(root: Raw, problems: ProblemList) {
    this.#root = root;
    this.#problems = problems;
  }

  /**
   * The object that `value` is or refers to; undefined, with an error in the list, if it is no object or refers to
   * nothing. What stands beside a reference is added to what it refers to.
   */
  object(value: unknown, place: string, what: string): Raw | undefined {
    const seen = new Set<string>();
    let at = value;
    let beside: Raw = {};
    while (isObject(at) && typeof at.$ref === 'string') {
      const { $ref, ...others } = at;
      beside = { ...others, ...beside };
      if (!$ref.startsWith('#')) return undefined; // `findForeign` has said so.
      if (seen.has($ref)) {
        this.#problems.error(place, `the reference '${$ref}' leads to itself`, 'refer to a definition');
        return undefined;
      }
      if (seen.size === maxHops) {
        const remedy = 'refer to the definition itself';
        this.#problems.error(place, `the reference leads over more than ${maxHops} others`, remedy);
        return undefined;
      }
      seen.add($ref);
      at = this.#at($ref);
      if (at === undefined) {
        this.#problems.error(place, `the reference '${$ref}' leads to nothing`, 'correct it, or add what it means');
        return undefined;
      }
    }
    if (isObject(at)) return { ...at, ...beside };
    this.#problems.error(place, `${what} is no object`, 'write it as the OpenAPI specification says');
    return undefined;
  }

  /** As `object`, but what can't be resolved stays as it is. */
  soft(value: unknown): unknown {
    if (!isObject(value) || typeof value.$ref !== 'string') return value;
    const found = value.$ref.startsWith('#') ? this.#at(value.$ref) : undefined;
    return isObject(found) && found.$ref === undefined ? found : value;
  }

  /** Adds an error for each reference to another document, and a warning for each that leads to nothing. */
  check(): void {
    this.#check(this.#root, []);
  }

  #check(value: unknown, path: readonly (string | number)[]): void {
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) this.#check(item, [...path, i]);
      return;
    }
    if (!isObject(value)) return;
    const { $ref } = value;
    if (typeof $ref === 'string') {
      const place = pointer(...path, '$ref');
      if (!$ref.startsWith('#')) {
        const message = `the reference '${$ref}' leads out of the document`;
        this.#problems.error(place, message, 'put what it means into the document and refer to it by #/…');
      } else if (this.#at($ref) === undefined) {
        this.#problems.warn(place, `the reference '${$ref}' leads to nothing`, 'correct it, or add what it means');
      }
    }
    for (const [name, child] of Object.entries(value)) {
      // What stands in examples and defaults is data, not part of the definition; a property may be called `default`.
      const isData = name.startsWith('x-') || dataKeys.has(name);
      if (!isData || path.at(-1) === 'properties') this.#check(child, [...path, name]);
    }
  }

  #at(reference: string): unknown {
    const names = namesIn(reference);
    if (!names) return undefined;
    let at: unknown = this.#root;
    for (const name of names) {
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
      at = (at as Raw)[name];
    }
    return at;
  }
}

const dataKeys = new Set(['example', 'examples', 'default', 'enum', 'const']);
