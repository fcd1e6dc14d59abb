/**
 * Loads a configuration: what a flag says goes before the environment, that before the file, that before the default.
 * Everything given is checked, also what is overridden, and everything wrong is reported at once.
 */

import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from './config-error.ts';
import { type Given, type Known, Names } from './names.ts';
import {
  type Config,
  isNamed,
  isOption,
  isSection,
  type Option,
  type Property,
  type Section,
  spell,
} from './schema.ts';
import { fromEnvironment, fromFlags } from './strings.ts';
import { explain, fromFile, readText } from './toml.ts';
import { type Checked, check, read } from './value.ts';
import { Values } from './values.ts';

export interface Sources {
  /** Path of a TOML file. */
  readonly file?: string | undefined;
  /** `--section.key=value`, `--section.key value`, `--section.key` (true); or names (without dashes) and values. */
  readonly flags?: readonly string[] | Readonly<Record<string, string>> | undefined;
  /** `section_key=value`, in any case. Variables that name no option are somebody else's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A configuration, and what is to be known about where it came from. */
export interface Loaded<S extends Section> {
  readonly config: Config<S>;
  /** One line for each value that has no effect. */
  readonly warnings: readonly string[];
  /** Whether somebody gave the option with this full name (`jwtTokenConfig.0.issuer`) a value. */
  isGiven(name: string): boolean;
  /** Where an option was given, and its name: what an error about its value begins with. */
  where(name: string): string;
}

/** @throws ConfigError that names everything that is wrong */
export function loadConfig<S extends Section>(schema: S, sources: Sources = {}): Config<S> {
  return readConfig(schema, sources).config;
}

/** @throws ConfigError that names everything that is wrong */
export function readConfig<S extends Section>(schema: S, sources: Sources = {}): Loaded<S> {
  const problems: string[] = [];
  const names = new Names(schema);
  const values = new Values();
  const { file, env, flags } = sources;
  if (file !== undefined) merge(values, fromFile(file, names, problems), dirname(file), problems);
  if (env) merge(values, fromEnvironment(env, schema, names), '.', problems);
  if (flags) merge(values, fromFlags(flags, names, problems), '.', problems);
  if (problems.length > 0) throw new ConfigError(problems);

  const warnings: string[] = [];
  const config = new Builder(problems, warnings).build(schema, values, []);
  if (problems.length > 0) throw new ConfigError(problems);
  const valueAt = (name: string) => values.at(name.split('.'))?.value;
  return {
    config: config as Config<S>,
    warnings,
    isGiven: (name) => valueAt(name) !== undefined,
    where: (name) => valueAt(name)?.where ?? name,
  };
}

/** Puts one source's values over those of the sources before it. Paths in it are relative to `folder`. */
function merge(values: Values, source: readonly Given[], folder: string, problems: string[]): void {
  const seen = new Map<Values, Given>();
  for (const given of source) {
    const place = values.make(given.known.name, given.isCaseless);
    if (!('option' in given.known)) continue;
    const before = seen.get(place);
    if (before) problems.push(`${given.where}: already given by ${before.where}`);
    seen.set(place, given);
    const { option, isPath } = given.known;
    const checked = isPath ? readSecret(option, given.value, folder) : checkValue(given, given.known);
    if ('expected' in checked) problems.push(`${given.where}: expected ${checked.expected}`);
    else {
      place.value = {
        value: checked.value,
        // The place in a file is looked for only when somebody wants to know it.
        get where() {
          return given.where;
        },
      };
    }
  }
}

function checkValue({ value, isText }: Given, { option }: Known): Checked {
  const checked = isText ? read(option, String(value)) : check(option, value);
  if (!('expected' in checked) || option.secret) return checked;
  return { expected: `${checked.expected}, got ${shown(value)}` };
}

/** The file of a secret, as containers mount it. Editors end it with a line break that doesn't belong to the secret. */
function readSecret(option: Option, path: unknown, folder: string): Checked {
  if (typeof path !== 'string' || path === '') return { expected: 'the path of a file' };
  try {
    return read(option, readText(resolve(folder, path)).replace(/\r?\n$/, ''));
  } catch (error) {
    return { expected: `a file that can be read, ${path}: ${explain(error)}` };
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  return typeof value === 'object' ? 'a section' : String(value as number | boolean | bigint);
}

/** Makes the configuration of the values, with defaults where there are none. */
class Builder {
  readonly #problems: string[];
  readonly #warnings: string[];

  constructor(problems: string[], warnings: string[]) {
    this.#problems = problems;
    this.#warnings = warnings;
  }

  build(property: Property, values: Values | undefined, name: readonly string[]): unknown {
    if (isOption(property)) return this.#option(property, values);
    if (isSection(property)) return this.#section(property, values, name);
    if (isNamed(property)) {
      const { additionalProperties } = property;
      const entries = values?.keys.map((key) => [key, values.child(key)] as const) ?? [];
      return new Map(entries.map(([key, of]) => [key, this.build(additionalProperties, of, [...name, key])]));
    }
    const numbers = values?.keys.map(Number).sort((a, b) => a - b) ?? [];
    const gap = numbers.findIndex((number, i) => number !== i);
    if (gap >= 0) this.#problems.push(`${spell(name)}: there is a number ${numbers[gap]}, but no number ${gap}`);
    return numbers.map((i) => this.#section(property.items, values?.child(String(i)), [...name, String(i)]));
  }

  #option(option: Option, values: Values | undefined): unknown {
    const given = values?.value;
    if (!given) return option.default;
    if (!isDeepStrictEqual(given.value, option.default)) {
      if (option.notBuilt !== undefined)
        this.#problems.push(`${given.where}: expected ${shown(option.default)}, since ${option.notBuilt}`);
      if (option.noEffect !== undefined) this.#warnings.push(`${given.where} has no effect: ${option.noEffect}`);
    }
    return given.value;
  }

  #section(section: Section, values: Values | undefined, name: readonly string[]): unknown {
    const built: Record<string, unknown> = {};
    for (const [key, property] of Object.entries(section.properties)) {
      built[key] = this.build(property, values?.child(key), [...name, key]);
    }
    const found = section.problem?.(built as never) ?? [];
    for (const problem of typeof found === 'string' ? [found] : found) {
      const [, key = '', what = problem] = /^(\w+): (.*)$/s.exec(problem) ?? [];
      const given = values?.child(key)?.value;
      this.#problems.push(given ? `${given.where}: ${what}` : `[${name.join('.')}]: ${problem}`);
    }
    return built;
  }
}
