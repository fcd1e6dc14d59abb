/** A row of a conformance table: the section, what it demands, and how that is seen from outside. */
import { test } from 'node:test';

export interface Rule<Subject> {
  /** Section of the RFC. */
  readonly section: string;
  readonly must: string;
  check(subject: Subject): Promise<void>;
}

/** One test a row. */
export function verify<Subject>(rfc: string, rules: readonly Rule<Subject>[], subject: () => Subject): void {
  for (const { section, must, check } of rules) {
    test(`${rfc} section ${section}: ${must}`, () => check(subject()));
  }
}
