/** Reads the YAML and JSON files of a project; whatever is wrong is collected, with file and line. */
import { nearest } from '../../../platform/config/nearest.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { readYaml, type YamlSource } from '../../../platform/yaml-source.ts';
import type { Files } from '../../../platform/zip.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** More of them follow from the first ones. */
const maxProblems = 20;

export class ProjectReader {
  readonly #files: Files;
  readonly #problems: string[] = [];
  /** What is odd, but does no harm. */
  readonly warnings: string[] = [];

  constructor(files: Files) {
    this.#files = files;
  }

  /** Everything below the one folder that an archive may have around it. */
  static of(given: Files): ProjectReader {
    // What macOS puts into archives besides.
    const files = new Map([...given].filter(([path]) => !path.startsWith('__MACOSX/')));
    const tops = new Set([...files.keys()].map((path) => path.slice(0, path.indexOf('/') + 1)));
    const [top] = tops;
    if (tops.size !== 1 || !top || /^(Meta-information|Docs|Image)\/$/.test(top)) return new ProjectReader(files);
    return new ProjectReader(new Map([...files].map(([path, content]) => [path.slice(top.length), content])));
  }

  bytes(path: string): Buffer | null {
    const content = this.#files.get(path);
    return content ? Buffer.from(content) : null;
  }

  /** Paths that begin so, sorted. */
  below(prefix: string): string[] {
    return [...this.#files.keys()].filter((path) => path.startsWith(prefix)).sort();
  }

  /** The YAML or JSON file of that name without extension; null when there is none, or it can't be read. */
  document(name: string): DocumentReader | null {
    const path = ['.yaml', '.yml', '.json'].map((extension) => name + extension).find((one) => this.#files.has(one));
    if (path === undefined) return null;
    const { source, problems } = readYaml((this.bytes(path) as Buffer).toString('utf8'));
    for (const { position, message, remedy } of problems) {
      this.problem(`${path}${position ? `:${position.line}` : ''}: ${message}; ${remedy}`);
    }
    return source && new DocumentReader(this, path, source);
  }

  text(name: string): { path: string; text: string } | null {
    const path = ['.yaml', '.yml', '.json'].map((extension) => name + extension).find((one) => this.#files.has(one));
    return path === undefined ? null : { path, text: (this.bytes(path) as Buffer).toString('utf8') };
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  /** @throws RestError 400 with everything that was found */
  finish(): void {
    if (this.#problems.length === 0) return;
    const shown = this.#problems.slice(0, maxProblems);
    const others = this.#problems.length - shown.length;
    throw new RestError(
      400,
      [...shown, ...(others > 0 ? [`and ${others} more`] : [])].join('; '),
      shown.map((message) => ({ code: 'project', message })),
    );
  }
}

export class DocumentReader {
  readonly #project: ProjectReader;
  readonly #path: string;
  readonly #source: YamlSource;

  constructor(project: ProjectReader, path: string, source: YamlSource) {
    this.#project = project;
    this.#path = path;
    this.#source = source;
  }

  get value(): unknown {
    return this.#source.value;
  }

  /** @param place JSON pointer of what is wrong */
  problem(place: string, message: string): void {
    this.#project.problem(`${this.#path}:${this.#source.position(place).line}: ${message}`);
  }

  /** An object; empty when it is none. */
  object(value: unknown, place: string): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    this.problem(place, `${place || 'the file'}: expected an object`);
    return {};
  }

  /** A list; empty when it is not said. */
  list(value: unknown, place: string): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.problem(place, `${place}: expected a list`);
    return [];
  }

  /** Texts out of a list, of objects with a `name`, or separated by commas. */
  texts(value: unknown, place: string): string[] {
    if (typeof value === 'string') {
      const names = value.split(',').map((one) => one.trim());
      return names.filter((one) => one !== '');
    }
    return this.list(value, place).flatMap((one, at) => {
      const text = typeof one === 'object' && one !== null ? (one as Fields).name : one;
      if (typeof text === 'string' || typeof text === 'number') return [String(text)];
      this.problem(`${place}/${at}`, `${place}/${at}: expected a text`);
      return [];
    });
  }

  /** A text as it is written (`1.10` stays so); the default when it is not said. */
  string(value: unknown, place: string, fallback = ''): string {
    if (value === undefined || value === null) return fallback;
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return this.#source.text(place) ?? String(value);
    this.problem(place, `${place}: expected a text`);
    return fallback;
  }

  boolean(value: unknown, place: string, fallback = false): boolean {
    if (value === undefined || value === null) return fallback;
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    this.problem(place, `${place}: expected true or false`);
    return fallback;
  }

  /** One of the values, whatever their case. */
  choice<T extends string>(value: unknown, place: string, allowed: readonly T[], fallback: T): T {
    const text = this.string(value, place, fallback);
    const found = allowed.find((one) => one.toUpperCase() === text.toUpperCase());
    if (found !== undefined) return found;
    this.problem(place, `${place}: expected one of ${allowed.join(', ')}, not ${JSON.stringify(text)}`);
    return fallback;
  }

  /** A key that nearly is one of ours was meant to be it; others of the original mean nothing here. */
  checkKeys(object: Fields, place: string, known: readonly string[], ignored: ReadonlySet<string>): void {
    for (const key of Object.keys(object)) {
      if (known.includes(key) || ignored.has(key)) continue;
      const meant = nearest(key, known);
      const at = `${place}/${key}`;
      if (meant !== undefined) this.problem(at, `unknown key ${key}; did you mean ${meant}?`);
      else this.#project.warnings.push(`${this.#path}:${this.#source.position(at).line}: ${key} has no meaning here`);
    }
  }
}
