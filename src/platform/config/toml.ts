/** The source with types: a TOML file. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Given, Names } from './names.ts';

/** Loaded only if there is a file: most starts have none. */
const require = createRequire(import.meta.url);
type Toml = typeof import('smol-toml');

export function fromFile(file: string, names: Names, problems: string[]): Given[] {
  let text: string;
  let table: unknown;
  try {
    text = readText(file);
  } catch (error) {
    problems.push(`${file}: ${explain(error)}`);
    return [];
  }
  const toml = require('smol-toml') as Toml;
  try {
    table = toml.parse(text);
  } catch (error) {
    if (!(error instanceof toml.TomlError)) throw error;
    // Only the message's first line: behind it, it shows the text around the place, which may hold a secret.
    problems.push(`${file}:${error.line}:${error.column}: ${error.message.split('\n', 1)[0]}`);
    return [];
  }

  const given: Given[] = [];
  const walk = (section: object, prefix: string) => {
    for (const [key, value] of Object.entries(section)) {
      const name = prefix + key;
      const lower = name.toLowerCase();
      const known = names.options.get(lower);
      const line = () => `${file}:${lineOf(text, lower)}`;
      if (known) {
        given.push({
          get where() {
            return `${line()}: ${name}`;
          },
          known,
          value,
          isText: false,
        });
      } else if (!names.sections.has(lower)) {
        const meant = names.suggest(name);
        problems.push(`${line()}: unknown key "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`);
      } else if (isTable(value)) {
        walk(value, `${name}.`);
      } else {
        problems.push(`${line()}: ${name}: expected a section, [${name}]`);
      }
    }
  };
  walk(table as object, '');
  return given;
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

/**
 * The line that gives a key (its full name in lower case), for an error; the parser does not keep it. Of a key in an
 * inline table, the table's line.
 */
function lineOf(text: string, name: string): number {
  let section = '';
  let number = 0;
  for (const line of text.split('\n')) {
    number++;
    const header = /^\s*\[+([^\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) section = plain(header);
    const key = header === undefined ? /^\s*([^=#]+)=/.exec(line)?.[1] : '';
    if (key === undefined) continue;
    const found = key === '' ? section : section === '' ? plain(key) : `${section}.${plain(key)}`;
    if (found === name || found.startsWith(`${name}.`)) return number;
  }
  const parent = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  return parent === '' ? 1 : lineOf(text, parent);
}

function plain(name: string): string {
  const parts = name.split('.').map((part) => part.trim().replace(/^(["'])(.*)\1$/, '$2'));
  return parts.join('.').toLowerCase();
}
