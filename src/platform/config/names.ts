/** The names that a source of configuration may use, and what it gives under them. */

import { nearest } from './nearest.ts';
import { type Option, options, type Section, sections } from './schema.ts';

/** A name that a source may use. */
export interface Known {
  /** Full name of the option: `keyManager.security.basic.password`. */
  readonly name: string;
  readonly option: Option;
  /** The given value is the path of a file that holds the option's value (`<key>File` of a secret). */
  readonly isPath: boolean;
}

/** An option as one source gives it. */
export interface Given {
  /** Where and under which name, as the user wrote it: what an error begins with. */
  readonly where: string;
  readonly known: Known;
  readonly value: unknown;
  /** The source knows only strings, so the value is still to be read from one. */
  readonly isText: boolean;
}

/** Full names in lower case: users may write them as they like. */
export interface Names {
  readonly options: ReadonlyMap<string, Known>;
  readonly sections: ReadonlySet<string>;
  /** The name that was most likely meant, as it is declared. */
  suggest(name: string): string | undefined;
}

export function namesOf(schema: Section): Names {
  const known = new Map<string, Known>();
  const declared: string[] = [];
  const add = (spelling: string, name: Known) => {
    known.set(spelling.toLowerCase(), name);
    declared.push(spelling);
  };
  for (const [name, option] of options(schema)) {
    add(name, { name, option, isPath: false });
    if (option.secret) add(`${name}File`, { name, option, isPath: true });
  }
  const sectionNames = Array.from(sections(schema), ([name]) => name);
  return {
    options: known,
    sections: new Set(sectionNames.map((name) => name.toLowerCase())),
    suggest: (name) => nearest(name, [...declared, ...sectionNames]),
  };
}
