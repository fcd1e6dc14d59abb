/**
 * How options are declared: an option is a JSON Schema with a default and a description, a section is an object schema
 * of options and further sections. The configuration's type, its loader and its documentation all follow from it.
 *
 * These are the schemas that typebox would make. They are made here because loading typebox takes about 100 ms, and a
 * gateway has 500 ms to be ready.
 */

/** What every option says about itself. */
interface About<T> {
  /** The value if nobody gives one. */
  readonly default: T;
  /** Meaning, unit and special values, in whole sentences. */
  readonly description: string;
  /** The value never appears in an error or in a log, and may also be given as the path of a file: `<key>File`. */
  readonly secret?: boolean;
}

interface Limits {
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface IntegerOption extends About<number>, Limits {
  readonly type: 'integer';
}
export interface NumberOption extends About<number>, Limits {
  readonly type: 'number';
}
export interface BooleanOption extends About<boolean> {
  readonly type: 'boolean';
}
export interface TextOption<T extends string = string> extends About<T> {
  readonly type: 'string';
  readonly enum?: readonly T[];
}
export interface ListOption extends About<readonly string[]> {
  readonly type: 'array';
  readonly items: { readonly type: 'string' };
}

export type Option = IntegerOption | NumberOption | BooleanOption | TextOption | ListOption;

export interface Section<P extends Properties = Properties> {
  readonly type: 'object';
  readonly description: string;
  readonly properties: P;
  readonly additionalProperties: false;
  /** What is wrong with values that are each right by itself; undefined = nothing. */
  readonly problem?: (values: never) => string | undefined;
}

export interface Properties {
  readonly [key: string]: Option | Section;
}

/** The type of the values that a section's schema describes. */
export type Config<S> =
  S extends Section<infer P> ? { readonly [K in keyof P]: Config<P[K]> } : S extends About<infer T> ? T : never;

export function integer(option: Omit<IntegerOption, 'type'>): IntegerOption {
  return { type: 'integer', ...option };
}

export function number(option: Omit<NumberOption, 'type'>): NumberOption {
  return { type: 'number', ...option };
}

export function boolean(option: Omit<BooleanOption, 'type'>): BooleanOption {
  return { type: 'boolean', ...option };
}

export function text(option: Omit<TextOption, 'type' | 'enum'>): TextOption {
  return { type: 'string', ...option };
}

/** One of the given words. They match without regard to case; the value is the word as it is written here. */
export function choice<const T extends string>(words: readonly T[], option: Omit<TextOption<T>, 'type' | 'enum'>) {
  return { type: 'string', enum: words, ...option } satisfies TextOption<T>;
}

/** A list of strings; separated by commas where the source knows only strings. */
export function list(option: Omit<ListOption, 'type' | 'items'>): ListOption {
  return { type: 'array', items: { type: 'string' }, ...option };
}

export function section<const P extends Properties>(
  description: string,
  properties: P,
  problem?: (values: Config<Section<P>>) => string | undefined,
): Section<P> {
  return { type: 'object', description, properties, additionalProperties: false, ...(problem && { problem }) };
}

/** A port to listen on. */
export function port(option: About<number>): IntegerOption {
  return integer({ minimum: 0, maximum: 65535, ...option });
}

/** All options of a schema with their full names (`gateway.cache.token.ttl`), in the order of declaration. */
export function* options(schema: Section, prefix = ''): Generator<[name: string, option: Option]> {
  for (const [key, property] of Object.entries(schema.properties)) {
    if (property.type === 'object') yield* options(property, `${prefix}${key}.`);
    else yield [prefix + key, property];
  }
}

/** All sections of a schema with their full names, in the order of declaration. */
export function* sections(schema: Section, prefix = ''): Generator<[name: string, section: Section]> {
  for (const [key, property] of Object.entries(schema.properties)) {
    if (property.type !== 'object') continue;
    yield [prefix + key, property];
    yield* sections(property, `${prefix}${key}.`);
  }
}
