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
  /** Full names under which earlier versions knew it: `listenerConfig.keyStore.path`. They are accepted as well. */
  readonly formerly?: readonly string[];
  /** Why it has no effect here. A value other than the default is worth a warning. */
  readonly noEffect?: string;
  /** Why nothing but the default is accepted: without what it asks for, less would be enforced than its author believes. */
  readonly notBuilt?: string;
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
/** null = nobody said either. */
export interface BooleanOption<T extends boolean | null = boolean | null> extends About<T> {
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
  /** What is wrong with values that are each right by itself, as `key: expected …`; undefined = nothing. */
  readonly problem?: (values: never) => string | readonly string[] | undefined;
}

/** Any number of sections of one form, `[[name]]`. One of them may also be written `[name]`. */
export interface Tables<S extends Section = Section> {
  readonly type: 'array';
  readonly description: string;
  readonly items: S;
}

/** Sections or options of one form, whose names the user chooses: `[b7a.users.alice]`. */
export interface Named<S extends Section | Option = Section | Option> {
  readonly type: 'object';
  readonly description: string;
  /** What its documentation calls a name: `<name>`. */
  readonly placeholder: string;
  readonly additionalProperties: S;
}

export type Property = Option | Section | Tables | Named;

export interface Properties {
  readonly [key: string]: Property;
}

/** The type of the values that a schema describes. */
export type Config<S> =
  S extends Section<infer P>
    ? { readonly [K in keyof P]: Config<P[K]> }
    : S extends Tables<infer I>
      ? readonly Config<I>[]
      : S extends Named<infer I>
        ? ReadonlyMap<string, Config<I>>
        : S extends About<infer T>
          ? T
          : never;

export function integer(option: Omit<IntegerOption, 'type'>): IntegerOption {
  return { type: 'integer', ...option };
}

export function number(option: Omit<NumberOption, 'type'>): NumberOption {
  return { type: 'number', ...option };
}

/** With the default null, that nobody said anything can be told from true and false. */
export function boolean(option: Omit<BooleanOption<boolean>, 'type'>): BooleanOption<boolean>;
export function boolean(option: Omit<BooleanOption<null>, 'type'>): BooleanOption;
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
  problem?: (values: Config<Section<P>>) => string | readonly string[] | undefined,
): Section<P> {
  return { type: 'object', description, properties, additionalProperties: false, ...(problem && { problem }) };
}

export function tables<const S extends Section>(items: S): Tables<S> {
  return { type: 'array', description: items.description, items };
}

export function named<const S extends Section | Option>(placeholder: string, each: S): Named<S> {
  return { type: 'object', description: each.description, placeholder, additionalProperties: each };
}

/** A port to listen on. */
export function port(option: About<number>): IntegerOption {
  return integer({ minimum: 0, maximum: 65535, ...option });
}

export function isSection(property: Property): property is Section {
  return property.type === 'object' && property.additionalProperties === false;
}

export function isNamed(property: Property): property is Named {
  return property.type === 'object' && property.additionalProperties !== false;
}

export function isTables(property: Property): property is Tables {
  return property.type === 'array' && property.items.type === 'object';
}

export function isOption(property: Property): property is Option {
  return property.type !== 'object' && !isTables(property);
}

/** A property of a schema with its full name; `[]` stands for a table's number, `<…>` for a name that users choose. */
export interface Declared {
  readonly name: readonly string[];
  readonly property: Property;
}

/** Everything that a section declares, in the order of declaration, each section before what is in it. */
export function* declared(schema: Section, prefix: readonly string[] = []): Generator<Declared> {
  for (const [key, property] of Object.entries(schema.properties)) yield* within([...prefix, key], property);
}

function* within(name: readonly string[], property: Property): Generator<Declared> {
  yield { name, property };
  if (isSection(property)) yield* declared(property, name);
  else if (isTables(property)) yield* declared(property.items, [...name, '[]']);
  else if (isNamed(property)) yield* within([...name, property.placeholder], property.additionalProperties);
}

/** All options with their full names (`gateway.cache.token.ttl`), in the order of declaration. */
export function* options(schema: Section): Generator<[name: string, option: Option]> {
  for (const { name, property } of declared(schema)) if (isOption(property)) yield [spell(name), property];
}

/** A name as users write it; that of a table without a number is the first one's. */
export function spell(name: readonly string[]): string {
  return name.filter((part) => part !== '[]').join('.');
}
