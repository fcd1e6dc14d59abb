/** The two sources that know only strings: flags and the environment. */

import type { Given, Known, Names } from './names.ts';

/** `gateway_httpsPort`, in any case. A variable that names no option is somebody else's. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>, names: Names): Given[] {
  const byVariable = new Map<string, Known>();
  for (const [name, known] of names.options) {
    byVariable.set(name.replaceAll('.', '_'), known);
    if (known.isPath) byVariable.set(`${known.name.replaceAll('.', '_')}_file`.toLowerCase(), known);
  }
  const given: Given[] = [];
  for (const [variable, value] of Object.entries(env)) {
    const known = value === undefined ? undefined : byVariable.get(variable.toLowerCase());
    if (known) given.push({ where: `environment ${variable}`, known, value, isText: true });
  }
  return given;
}

/** `--gateway.httpsPort=8244`, `--gateway.httpsPort 8244`; without a value, `--gateway.http2` is `true`. */
export function fromFlags(
  flags: readonly string[] | Readonly<Record<string, string>>,
  names: Names,
  problems: string[],
): Given[] {
  const given: Given[] = [];
  for (const [name, value] of isList(flags) ? split(flags, problems) : Object.entries(flags)) {
    const known = names.options.get(name.toLowerCase());
    if (known) {
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
