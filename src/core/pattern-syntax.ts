/** The syntax of patterns (`core/pattern.ts`): from their text to a tree. */

/** What a pattern may cost: steps of its machine. A repetition counts as often as it is repeated. */
export const mostSteps = 500;

/** The text can't be used as a pattern; the message says where and why. */
export class PatternError extends Error {
  override name = 'PatternError';
}

export type Test = (code: number) => boolean;

export type Node =
  | { readonly type: 'one'; readonly test: Test }
  | { readonly type: 'start' | 'end' }
  | { readonly type: 'all' | 'any'; readonly of: readonly Node[] }
  | { readonly type: 'repeat'; readonly of: Node; readonly least: number; readonly most: number };

/** @throws PatternError */
export function parseSyntax(source: string): Node {
  return new Parser(source).parse();
}

const isDigit: Test = (c) => c >= 48 && c <= 57;
const isWord: Test = (c) => isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
const isSpace: Test = (c) => /\s/.test(String.fromCharCode(c));
const isNewline: Test = (c) => c === 10 || c === 13 || c === 0x2028 || c === 0x2029;
const not =
  (test: Test): Test =>
  (c) =>
    !test(c);
const classes: Readonly<Record<string, Test>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
};
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 };

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node {
    const node = this.#alternatives();
    if (this.#at < this.#source.length) throw this.#error('")" has no "("');
    return node;
  }

  #alternatives(): Node {
    if (++this.#depth > 50) throw this.#error('groups are nested more than 50 deep');
    const of = [this.#sequence()];
    while (this.#take('|')) of.push(this.#sequence());
    this.#depth--;
    return of.length === 1 ? (of[0] as Node) : { type: 'any', of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] as string))
      of.push(this.#repeated());
    return { type: 'all', of };
  }

  #repeated(): Node {
    const of = this.#atom();
    const bounds = this.#bounds();
    if (!bounds) return of;
    if (of.type === 'start' || of.type === 'end') throw this.#error('"^" and "$" can not be repeated');
    const [least, most] = bounds;
    // Lazily or not makes no difference to whether it is found.
    this.#take('?');
    if (/^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(this.#source.slice(this.#at))) throw this.#error('nothing to repeat');
    return { type: 'repeat', of, least, most };
  }

  #bounds(): [number, number] | null {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    const match = /^\{(\d+)(,?)(\d*)\}/.exec(this.#source.slice(this.#at));
    if (!match || (match[2] === '' && match[3] !== '')) return null;
    const least = Number(match[1]);
    const most = match[2] === '' ? least : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (least > most) throw this.#error('the numbers of a repetition are out of order');
    if (Math.max(least, most === Number.POSITIVE_INFINITY ? 0 : most) > mostSteps) {
      throw this.#error(`more than ${mostSteps} repetitions`);
    }
    this.#at += match[0].length;
    return [least, most];
  }

  #atom(): Node {
    const char = this.#source[this.#at++] as string;
    switch (char) {
      case '(': {
        if (this.#take('?') && !this.#take(':')) throw this.#error('of groups with "?" only "(?:" is known');
        const node = this.#alternatives();
        if (!this.#take(')')) throw this.#error('")" is missing');
        return node;
      }
      case '[':
        return { type: 'one', test: this.#class() };
      case '^':
        return { type: 'start' };
      case '$':
        return { type: 'end' };
      case '.':
        return { type: 'one', test: not(isNewline) };
      case '\\':
        return { type: 'one', test: toTest(this.#escape()) };
      case '*':
      case '+':
      case '?':
        throw this.#error(`nothing to repeat before "${char}"`);
      case '{':
      case '}':
      case ']':
        throw this.#error(`write a literal "${char}" as "\\${char}"`);
      default:
        return { type: 'one', test: toTest(char.charCodeAt(0)) };
    }
  }

  /** After the backslash: a class, or the code of a character. */
  #escape(): Test | number {
    const char = this.#source[this.#at++];
    if (char === undefined) throw this.#error('it ends with a backslash');
    const test = classes[char];
    if (test) return test;
    const control = controls[char];
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(char)) throw this.#error(`"\\${char}" is not known here`);
    return char.charCodeAt(0);
  }

  /** After the opening bracket. */
  #class(): Test {
    const isNegated = this.#take('^');
    const tests: Test[] = [];
    while (!this.#take(']')) {
      const first = this.#member();
      const isRange = this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']';
      if (!isRange) {
        tests.push(toTest(first));
        continue;
      }
      this.#at++;
      const last = this.#member();
      if (typeof first !== 'number' || typeof last !== 'number') throw this.#error('a range goes between characters');
      if (first > last) throw this.#error('a range is out of order');
      tests.push((c) => c >= first && c <= last);
    }
    const test: Test = (c) => tests.some((one) => one(c));
    return isNegated ? not(test) : test;
  }

  #member(): Test | number {
    const char = this.#source[this.#at++];
    if (char === undefined) throw this.#error('"]" is missing');
    return char === '\\' ? this.#escape() : char.charCodeAt(0);
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #error(why: string): PatternError {
    return new PatternError(`${why} (at character ${this.#at})`);
  }
}

function toTest(what: Test | number): Test {
  return typeof what === 'number' ? (c) => c === what : what;
}
