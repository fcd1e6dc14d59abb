/** The names that a source of configuration may use, and what stands at them. */

import { nearest } from './nearest.ts';
import {
  declared,
  isNamed,
  isOption,
  isSection,
  isTables,
  type Option,
  type Property,
  type Section,
  spell,
} from './schema.ts';
import { splitName } from './split-name.ts';

/** An option at its full name: in a table with the table's number, below a free name with that name. */
export interface Known {
  readonly name: readonly string[];
  readonly option: Option;
  /** The given value is the path of a file that holds the option's value (`<key>File` of a secret). */
  readonly isPath: boolean;
}

/** Something that further keys stand in. */
export interface Place {
  readonly name: readonly string[];
  /** null = only former names of options begin so. */
  readonly property: Exclude<Property, Option> | null;
}

/** A value, or the presence of a section, as one source gives it. */
export interface Given {
  /** Where and under which name, as the user wrote it: what an error begins with. */
  readonly where: string;
  readonly known: Known | Place;
  readonly value: unknown;
  /** The source knows only strings, so the value is still to be read from one. */
  readonly isText: boolean;
  /** The source doesn't tell capitals from small letters, also in names that users choose. */
  readonly isCaseless?: boolean;
}

export class Names {
  readonly #schema: Section;
  /** Former full names in lower case. */
  readonly #former = new Map<string, Known>();
  /** Sections that only former names stand in, in lower case. */
  readonly #formerPlaces = new Set<string>();
  readonly #spellings: readonly string[];

  constructor(schema: Section) {
    this.#schema = schema;
    this.#spellings = Array.from(spellings(schema));
    for (const { name, property } of declared(schema)) {
      if (!isOption(property)) continue;
      for (const former of property.formerly ?? []) this.#addFormer(former, { name, option: property, isPath: false });
    }
  }

  #addFormer(former: string, known: Known): void {
    const parts = former.toLowerCase().split('.');
    this.#former.set(parts.join('.'), known);
    for (let length = 1; length < parts.length; length++) {
      this.#formerPlaces.add(parts.slice(0, length).join('.'));
    }
  }

  /** Names match without regard to case, but for those that users choose. */
  find(parts: readonly string[]): Known | Place | undefined {
    let property = this.#schema as Property;
    const name: string[] = [];
    for (const [i, part] of parts.entries()) {
      let here = property;
      if (isTables(here)) {
        const isNumber = /^\d{1,4}$/.test(part);
        name.push(isNumber ? String(Number(part)) : '0');
        property = here = here.items;
        if (isNumber) continue;
      }
      if (isNamed(here)) {
        name.push(part);
        property = here.additionalProperties;
      } else if (isSection(here)) {
        const next = child(here, part);
        if (!next) return this.#outside(parts, i, here, name);
        name.push(next[0]);
        property = next[1];
      } else return undefined;
    }
    return isOption(property) ? { name, option: property, isPath: false } : { name, property };
  }

  /** A name that the schema has not: the file of a secret, or one of former times. */
  #outside(parts: readonly string[], at: number, section: Section, name: readonly string[]): Known | Place | undefined {
    const secret = at === parts.length - 1 && /^(.+)file$/i.exec(parts[at] ?? '')?.[1];
    const [key, option] = (secret && child(section, secret)) || [];
    if (key !== undefined && option && isOption(option) && option.secret) {
      return { name: [...name, key], option, isPath: true };
    }
    const former = parts.join('.').toLowerCase();
    return this.#former.get(former) ?? (this.#formerPlaces.has(former) ? { name: parts, property: null } : undefined);
  }

  /**
   * The name that was most likely meant, as it is declared; below a name that a user chose, with that name. Rather one
   * of the section that the unknown name stands in.
   */
  suggest(name: string): string | undefined {
    const parts = splitName(name) ?? [name];
    return this.#suggestBeside(parts) ?? nearest(parts.join('.'), this.#spellings);
  }

  #suggestBeside(parts: readonly string[]): string | undefined {
    const above = parts.slice(0, -1);
    const place = above.length > 0 ? this.find(above) : undefined;
    if (!place || 'option' in place || !place.property) return undefined;
    const section = isTables(place.property) ? place.property.items : place.property;
    if (!isSection(section)) return undefined;
    const key = nearest(parts.at(-1) ?? '', spellings(section));
    if (key === undefined) return undefined;
    const written = above.join('.');
    const spelled = this.#spellings.find((known) => known.toLowerCase() === written.toLowerCase());
    return `${spelled ?? written}.${key}`;
  }

  /** Former names with what they are names of. */
  get former(): Iterable<[name: string, known: Known]> {
    return this.#former;
  }
}

/** Everything that may stand in a section, as users write it. */
function* spellings(section: Section): Generator<string> {
  for (const { name, property } of declared(section)) {
    yield spell(name);
    if (isOption(property) && property.secret) yield `${spell(name)}File`;
  }
}

function child({ properties }: Section, key: string): [key: string, property: Property] | undefined {
  const lower = key.toLowerCase();
  // Not by indexing with what a user wrote: `__proto__` and `constructor` are there in every object.
  return Object.entries(properties).find(([name]) => name.toLowerCase() === lower);
}
