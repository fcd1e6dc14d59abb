/**
 * Loads a configuration: what a flag says goes before the environment, that before the file, that before the default.
 * Everything given is checked, also what is overridden, and everything wrong is reported at once.
 */

import { dirname, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { type Given, namesOf } from './names.ts';
import type { Config, Option, Section } from './schema.ts';
import { fromEnvironment, fromFlags } from './strings.ts';
import { explain, fromFile, readText } from './toml.ts';
import { type Checked, check, read } from './value.ts';

export interface Sources {
  /** Path of a TOML file. */
  readonly file?: string | undefined;
  /** `--section.key=value`, `--section.key value`, `--section.key` (true); or names (without dashes) and values. */
  readonly flags?: readonly string[] | Readonly<Record<string, string>> | undefined;
  /** `section_key=value`, in any case. Variables that name no option are somebody else's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Throws a `ConfigError` that names everything that is wrong. */
export function loadConfig<S extends Section>(schema: S, sources: Sources = {}): Config<S> {
  const problems: string[] = [];
  const names = namesOf(schema);
  const values = new Map<string, unknown>();
  const { file, env, flags } = sources;
  if (file !== undefined) merge(values, fromFile(file, names, problems), dirname(file), problems);
  if (env) merge(values, fromEnvironment(env, names), '.', problems);
  if (flags) merge(values, fromFlags(flags, names, problems), '.', problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const config = build(schema, '', values, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return config as Config<S>;
}

/** Puts one source's values over those of the sources before it. Paths in it are relative to `folder`. */
function merge(values: Map<string, unknown>, source: readonly Given[], folder: string, problems: string[]): void {
  const seen = new Map<string, Given>();
  for (const given of source) {
    const { name, option, isPath } = given.known;
    const before = seen.get(name);
    if (before) problems.push(`${given.where}: already given by ${before.where}`);
    seen.set(name, given);
    const checked = isPath ? readSecret(option, given.value, folder) : checkValue(given);
    if ('expected' in checked) problems.push(`${given.where}: expected ${checked.expected}`);
    else values.set(name, checked.value);
  }
}

function checkValue({ known, value, isText }: Given): Checked {
  const checked = isText ? read(known.option, String(value)) : check(known.option, value);
  if (!('expected' in checked) || known.option.secret) return checked;
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

function build(schema: Section, prefix: string, values: ReadonlyMap<string, unknown>, problems: string[]) {
  const built: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    const name = prefix + key;
    if (property.type === 'object') built[key] = build(property, `${name}.`, values, problems);
    else built[key] = values.has(name) ? values.get(name) : property.default;
  }
  const problem = schema.problem?.(built as never);
  if (problem !== undefined) problems.push(`[${prefix.slice(0, -1)}]: ${problem}`);
  return built;
}
