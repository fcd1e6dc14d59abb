/** The source with types: a TOML file. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Given, Known, Names, Place } from './names.ts';
import { isTables } from './schema.ts';
import { TomlLines } from './toml-lines.ts';

/** Loaded only if there is a file: most starts have none. */
const require = createRequire(import.meta.url);
type Toml = typeof import('smol-toml');

/** Characters of a configuration file at most. */
const maxLength = 1_048_576;

export function fromFile(file: string, names: Names, problems: string[]): Given[] {
  const text = readWhole(file, problems);
  const table = text === undefined ? undefined : parse(file, text, problems);
  if (text === undefined || table === undefined) return [];

  const given: Given[] = [];
  let lines: TomlLines | undefined;
  const line = (at: readonly string[]) => `${file}:${((lines ??= new TomlLines(text))).lineOf(at)}`;
  const add = (at: readonly string[], shown: string, known: Known | Place, value: unknown) => {
    given.push({
      get where() {
        return `${line(at)}: ${shown}`;
      },
      known,
      value,
      isText: false,
    });
  };
  /**
   * `at` has the numbers of tables in it, `shown` is the name as it stands in the file. The original of 3.0 quotes whole
   * names, `["b7a.users.alice"]`: such a key is taken apart where it is none of its own.
   */
  const walk = (section: object, at: readonly string[], shown: string) => {
    for (const [key, value] of Object.entries(section)) {
      const whole = [...at, key];
      const apart = [...at, ...key.split('.')];
      const name = shown === '' ? quoted(key) : `${shown}.${quoted(key)}`;
      enter(value, names.find(whole) || !names.find(apart) ? whole : apart, name);
    }
  };
  const enter = (value: unknown, at: readonly string[], name: string) => {
    const found = names.find(at);
    if (!found) {
      const meant = names.suggest(name);
      const written = name.includes('"') ? name : `"${name}"`;
      problems.push(`${line(at)}: unknown key ${written}${meant === undefined ? '' : `; did you mean "${meant}"?`}`);
    } else if ('option' in found) {
      add(at, name, found, value);
    } else if (isTable(value)) {
      const isOne = found.property !== null && isTables(found.property);
      add(at, name, isOne ? { ...found, name: [...found.name, '0'] } : found, undefined);
      walk(value, at, name);
    } else if (found.property !== null && isTables(found.property)) {
      if (!Array.isArray(value) || !value.every(isTable)) {
        problems.push(`${line(at)}: ${name}: expected sections, [[${name}]]`);
        return;
      }
      for (const [i, one] of value.entries()) {
        add([...at, String(i)], name, { ...found, name: [...found.name, String(i)] }, undefined);
        walk(one, [...at, String(i)], name);
      }
    } else {
      problems.push(`${line(at)}: ${name}: expected a section, [${name}]`);
    }
  };
  walk(table, [], '');
  return given;
}

function readWhole(file: string, problems: string[]): string | undefined {
  try {
    const text = readText(file);
    if (text.length <= maxLength) return text;
    problems.push(`${file}: expected at most ${maxLength} characters`);
  } catch (error) {
    problems.push(`${file}: ${explain(error)}`);
  }
  return undefined;
}

function parse(file: string, text: string, problems: string[]): object | undefined {
  const toml = require('smol-toml') as Toml;
  try {
    return toml.parse(text);
  } catch (error) {
    if (error instanceof toml.TomlError) {
      // Only the message's first line: behind it, it shows the text around the place, which may hold a secret.
      const what = typographic(text, error.line) ?? error.message.split('\n', 1)[0];
      problems.push(`${file}:${error.line}:${error.column}: ${what}`);
    } else if (error instanceof RangeError) {
      problems.push(`${file}: its values are nested too deeply`);
    } else throw error;
    return undefined;
  }
}

/** What word processors and web pages make of quotation marks and dashes: copied with a block, it stands outside of strings. */
function typographic(text: string, line: number): string | undefined {
  const outside = (text.split('\n')[line - 1] ?? '').replace(/"[^"]*"|'[^']*'|#.*/g, '');
  const [found] = /[\u2018-\u201f\u00ab\u00bb\u2013\u2014\u00a0]/.exec(outside) ?? [];
  if (found === undefined) return undefined;
  if (found === '\u00a0') return 'there is a no-break space in this line: expected a plain space';
  if (/[\u2013\u2014]/.test(found)) return `there is a typographic dash ${found} in this line: expected a plain -`;
  const plain = /[\u2018-\u201b]/.test(found) ? "'" : '"';
  return `there is a typographic quotation mark ${found} in this line: expected a plain ${plain}`;
}

/** Why a file can't be read, in words. */
export function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'there is no permission to read it';
  return code === 'EISDIR' ? 'it is a folder' : message;
}

export function readText(file: string): string {
  return readFileSync(file, 'utf8');
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function quoted(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}
