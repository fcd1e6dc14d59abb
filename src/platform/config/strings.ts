/** The two sources that know only strings: flags and the environment. */

import type { Given, Known, Names } from './names.ts';
import { declared, isOption, type Option, type Section } from './schema.ts';
import { splitName } from './split-name.ts';

/** `gateway_httpsPort`, in any case. A variable that names no option is somebody else's. */
export function fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  schema: Section,
  names: Names,
): Given[] {
  const { exact, patterns } = variables(schema, names);
  const given: Given[] = [];
  for (const [variable, value] of Object.entries(env)) {
    if (value === undefined) continue;
    const known = exact.get(variable.toLowerCase()) ?? matching(patterns, variable);
    if (known) given.push({ where: `environment ${variable}`, known, value, isText: true, isCaseless: true });
  }
  return given;
}

/** A variable with a table's number or a user's name in it. */
interface Pattern {
  readonly expression: RegExp;
  readonly name: readonly string[];
  readonly option: Option;
  readonly isPath: boolean;
}

function variables(schema: Section, names: Names): { exact: ReadonlyMap<string, Known>; patterns: Pattern[] } {
  const exact = new Map<string, Known>();
  const patterns: Pattern[] = [];
  for (const [former, known] of names.former) exact.set(former.replaceAll('.', '_'), known);
  for (const { name, property } of declared(schema)) {
    if (!isOption(property)) continue;
    const add = (suffix: string, isPath: boolean) => {
      if (name.some(isOpen)) {
        const parts = name.map((part) => (part === '[]' ? '(?:(\\d{1,4})_)?' : isOpen(part) ? '(.+)_' : `${part}_`));
        const expression = new RegExp(`^${parts.join('').slice(0, -1)}${suffix}$`, 'i');
        patterns.push({ expression, name, option: property, isPath });
      } else exact.set(`${name.join('_')}${suffix}`.toLowerCase(), { name, option: property, isPath });
    };
    add('', false);
    if (!property.secret) continue;
    add('file', true);
    add('_file', true);
  }
  return { exact, patterns };
}

function isOpen(part: string): boolean {
  return part === '[]' || part.startsWith('<');
}

function matching(patterns: readonly Pattern[], variable: string): Known | undefined {
  for (const { expression, name, option, isPath } of patterns) {
    const found = expression.exec(variable);
    if (!found) continue;
    let group = 1;
    // A table's number may be left out: the first one's.
    const filled = name.map((part) => (isOpen(part) ? (found[group++] ?? '0') : part));
    return { name: filled, option, isPath };
  }
  return undefined;
}

/** `--gateway.httpsPort=8244`, `--gateway.httpsPort 8244`; without a value, `--gateway.http2` is `true`. */
export function fromFlags(
  flags: readonly string[] | Readonly<Record<string, string>>,
  names: Names,
  problems: string[],
): Given[] {
  const given: Given[] = [];
  for (const [name, value] of isList(flags) ? split(flags, problems) : Object.entries(flags)) {
    const known = names.find(splitName(name) ?? []);
    if (known && 'option' in known) {
      given.push({ where: `--${name}`, known, value, isText: true });
    } else {
      const meant = names.suggest(name);
      problems.push(`--${name}: unknown option${meant === undefined ? '' : `; did you mean --${meant}?`}`);
    }
  }
  return given;
}

function isList(flags: readonly string[] | Readonly<Record<string, string>>): flags is readonly string[] {
  return Array.isArray(flags);
}

function split(flags: readonly string[], problems: string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i] ?? '';
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(flag) ?? [];
    if (name === undefined) {
      // Not quoted whole: what stands behind a mistyped flag may be a secret.
      problems.push(`argument ${i + 1}: expected --section.key=value`);
      continue;
    }
    const next = flags[i + 1];
    if (value !== undefined) pairs.push([name, value]);
    else if (next === undefined || next.startsWith('--')) pairs.push([name, 'true']);
    else {
      pairs.push([name, next]);
      i++;
    }
  }
  return pairs;
}
