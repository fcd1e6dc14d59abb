/** The problems of one file, each with the place where it is written. */
import { nearest } from '../../platform/config/nearest.ts';
import type { Position, YamlSource } from '../../platform/yaml-source.ts';
import type { Problem } from './openapi-document.ts';

/** Errors of one file, and warnings likewise. */
const maxProblems = 500;
/** Problems beyond which a suggestion helps nobody, and names that one is looked for among. Comparing takes its time. */
const maxSuggestions = 200;
/** Characters of each text. */
const maxLength = 1000;

export class ProblemList {
  /** In the order in which they were found. */
  readonly all: Problem[] = [];
  readonly #file: string;
  readonly #source: YamlSource | null;
  readonly #counts = { error: 0, warning: 0 };

  /** @param source null = it could not be read, so that places are not known */
  constructor(file: string, source: YamlSource | null) {
    this.#file = file;
    this.#source = source;
  }

  get hasErrors(): boolean {
    return this.#counts.error > 0;
  }

  /** @param place JSON pointer */
  error(place: string, message: string, remedy: string, position?: Position): void {
    this.#add('error', place, message, remedy, position);
  }

  /** @param place JSON pointer */
  warn(place: string, message: string, remedy: string): void {
    this.#add('warning', place, message, remedy);
  }

  /** Whether an error was found at a place or inside it. */
  hasErrorWithin(place: string): boolean {
    return this.all.some((known) => known.severity === 'error' && `${known.place}/`.startsWith(`${clipped(place)}/`));
  }

  /** The known name that somebody most likely meant; none among very many names, or when very much is wrong. */
  suggest(name: string, known: Iterable<string>): string | undefined {
    if (this.#counts.error + this.#counts.warning > maxSuggestions) return undefined;
    const names: string[] = [];
    for (const one of known) {
      if (names.length === maxSuggestions) return undefined;
      names.push(one);
    }
    return nearest(name, names);
  }

  #add(severity: Problem['severity'], place: string, message: string, remedy: string, position?: Position): void {
    const count = ++this.#counts[severity];
    if (count > maxProblems) return;
    if (count === maxProblems) {
      message = `there are more ${severity}s than these`;
      remedy = 'correct those first';
      place = '';
    }
    const { line, column } = position ?? this.#source?.position(place) ?? {};
    this.all.push({
      severity,
      file: this.#file,
      ...(line !== undefined && column !== undefined && { line, column }),
      place: clipped(place),
      message: clipped(message),
      remedy: clipped(remedy),
    });
  }
}

/** Names come from the file, which may have one of a megabyte. */
function clipped(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}
