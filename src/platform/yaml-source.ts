/**
 * A YAML or JSON document that a user wrote: its value as plain JSON, and where in the text each part of it stands. Bounded
 * in time and memory whatever the text: aliases, nesting and size have limits.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml';

export interface Position {
  /** Both from 1 on. */
  readonly line: number;
  readonly column: number;
}

export interface YamlProblem {
  /** JSON pointer (RFC 6901); empty = the document as a whole. */
  readonly place: string;
  readonly position?: Position;
  readonly message: string;
  readonly remedy: string;
}

/** Bytes of a document. The parser takes about a second for 2 MiB. */
const maxBytes = 4 * 1024 * 1024;
/** Values after aliases have been followed: a few lines of aliases can stand for billions. */
const maxValues = 1_000_000;
const maxDepth = 250;
/** Of all texts and keys, after aliases have been followed; without aliases there are not as many. */
const maxCharacters = 2 * maxBytes;
/** Weights of `cost`: the parser takes about three seconds for as many. */
const maxCost = 350_000;
/** Brackets that are open at once, also in texts. Far deeper than `maxDepth`: the parser's memory is what it is for. */
const maxBrackets = 10_000;
/** Syntax errors beyond these follow from the first ones. */
const maxSyntaxErrors = 20;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export class YamlSource {
  /** Objects, arrays, strings, finite numbers, booleans and null; no part of it is shared or cyclic. */
  readonly value: unknown;
  readonly #root: Node | null;
  readonly #lines: LineCounter;
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #pairsOf = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(value: unknown, root: Node | null, lines: LineCounter, targets: ReadonlyMap<Alias, Node>) {
    this.value = value;
    this.#root = root;
    this.#lines = lines;
    this.#targets = targets;
  }

  /** Where the value that a JSON pointer names is written (its key, if it has one), or the nearest part around it. */
  position(pointer: string): Position {
    return at(this.#lines, this.#find(pointer).offset);
  }

  /** The scalar at a pointer as it is written: `1.10`, where the value is the number 1.1. */
  text(pointer: string): string | undefined {
    const { node, exact } = this.#find(pointer);
    return exact && isScalar(node) ? node.source : undefined;
  }

  /** By their keys. Kept: a document with thousands of problems is asked for as many places. */
  #pairs(map: YAMLMap): ReadonlyMap<string, Pair> {
    let pairs = this.#pairsOf.get(map);
    if (!pairs) {
      const named = map.items.filter(({ key }) => isScalar(key)).reverse();
      pairs = new Map(named.map((pair) => [keyText(pair.key as Scalar), pair]));
      this.#pairsOf.set(map, pairs);
    }
    return pairs;
  }

  #find(pointer: string): { node: Node | null; offset: number; exact: boolean } {
    let node = this.#root;
    let offset = node?.range?.[0] ?? 0;
    for (const name of segments(pointer)) {
      if (isAlias(node)) node = this.#targets.get(node) ?? null;
      let next: Node | null = null;
      if (isMap(node)) {
        const pair = this.#pairs(node).get(name);
        if (pair) {
          offset = (pair.key as Node).range?.[0] ?? offset;
          next = pair.value as Node | null;
        }
      } else if (isSeq(node)) {
        next = (node.items[Number(name)] as Node | undefined) ?? null;
        offset = next?.range?.[0] ?? offset;
      }
      if (!next) return { node: null, offset, exact: false };
      node = next;
    }
    return { node, offset, exact: true };
  }
}

/** Joins names to a JSON pointer. */
export function pointer(...names: (string | number)[]): string {
  return names.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The names that a JSON pointer joins. */
export function segments(text: string): string[] {
  const parts = text.split('/').slice(1);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Reads a document. Without a source there is at least one problem. */
export function readYaml(text: string): { source: YamlSource | null; problems: YamlProblem[] } {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    return failed('', `the document has ${bytes} bytes`, `at most ${maxBytes} are read; split it`);
  }
  const cost = costOf(text);
  if (cost === 'deep') return failed('', 'it is nested too deeply', 'simplify it');
  if (cost > maxCost) {
    const message = `the document has more than ${maxCost} lines, separators and brackets`;
    return failed('', message, 'no more are read; split it');
  }
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    logLevel: 'error',
    resolveKnownTags: false,
    // Its check takes quadratic time: minutes for a file of 2 MiB. Ours is below.
    uniqueKeys: false,
  });
  if (document.errors.length > 0) return { source: null, problems: syntaxProblems(document.errors, lines) };
  return new Plain(document as Document, lines).read();
}

const [dash, question, quote, apostrophe] = ['-', '?', '"', "'"].map((char) => char.charCodeAt(0));
const opening = new Set(Array.from('[{', (char) => char.charCodeAt(0)));
const closing = new Set(Array.from(']}', (char) => char.charCodeAt(0)));
const marks = new Set(Array.from('[]{},:\n&*!%', (char) => char.charCodeAt(0)));

/**
 * What the text will cost the parser, before it is parsed: its time goes by the marks of its syntax, wherever they stand,
 * and not by its length. Stops at what is too much.
 */
function costOf(text: string): number | 'deep' {
  let cost = 0;
  let open = 0;
  for (let i = 0; i < text.length && cost <= maxCost; i++) {
    const code = text.charCodeAt(i);
    if (marks.has(code)) {
      cost++;
      if (opening.has(code) && ++open > maxBrackets) return 'deep';
      if (closing.has(code) && open > 0) open--;
    } else if (code === quote || code === apostrophe) cost += 0.5;
    // Within a word they are hyphens.
    else if ((code === dash || code === question) && text.charCodeAt(i + 1) <= 32) cost++;
  }
  return cost;
}

/** From the syntax tree to plain values. Not the parser's own conversion, which shares and nests aliases without a limit. */
class Plain {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new Map<Alias, Node>();
  readonly #open = new Set<Node>();
  readonly #problems: YamlProblem[] = [];
  #values = 0;
  #characters = 0;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  read(): { source: YamlSource | null; problems: YamlProblem[] } {
    const root = this.#document.contents as Node | null;
    try {
      const value = this.#value(root, []);
      if (this.#problems.length > 0) return { source: null, problems: this.#problems };
      return { source: new YamlSource(value, root, this.#lines, this.#targets), problems: [] };
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      return { source: null, problems: [...this.#problems, error.problem] };
    }
  }

  #value(node: Node | null, path: readonly (string | number)[]): Json {
    if (++this.#values > maxValues) throw this.#tooMuch(node, path, `it stands for more than ${maxValues} values`);
    if (path.length > maxDepth) throw this.#tooMuch(node, path, `it is nested more than ${maxDepth} levels deep`);
    if (node === null) return null;
    if (isAlias(node)) return this.#alias(node, path);
    if ('anchor' in node && node.anchor) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) {
      if (typeof node.value === 'string') this.#count(node.value, node, path);
      return this.#scalar(node.value, node, path);
    }
    this.#open.add(node);
    try {
      if (isSeq(node)) return node.items.map((item, i) => this.#value(item as Node | null, [...path, i]));
      return isMap(node) ? this.#map(node, path) : null;
    } finally {
      this.#open.delete(node);
    }
  }

  #map(node: Node, path: readonly (string | number)[]): Json {
    const object: { [key: string]: Json } = {};
    const merged: Json[] = [];
    if (!isMap(node)) return object;
    for (const pair of node.items) {
      const key = pair.key as Node;
      if (!isScalar(key)) {
        this.#report(key, path, 'a key is no text', 'write a text (in quotes) as key');
        continue;
      }
      const name = keyText(key);
      this.#count(name, key, path);
      const value = this.#value(pair.value as Node | null, [...path, name]);
      if (name === '<<' && key.type === 'PLAIN') merged.push(value);
      else if (name === '__proto__') this.#report(key, path, `a key is called '${name}'`, 'choose another name');
      else if (Object.hasOwn(object, name)) {
        this.#report(key, [...path, name], `the key '${name}' is there twice`, 'leave one of them out');
      } else object[name] = value;
    }
    for (const from of merged.flat()) {
      if (from === null || typeof from !== 'object' || Array.isArray(from)) {
        this.#report(node, path, "what '<<' merges is no object", 'let it name an anchor of an object');
        continue;
      }
      for (const [name, value] of Object.entries(from)) if (!Object.hasOwn(object, name)) object[name] = value;
    }
    return object;
  }

  #alias(node: Alias, path: readonly (string | number)[]): Json {
    const target = this.#anchors.get(node.source);
    if (!target) {
      this.#report(node, path, `there is no anchor '&${node.source}' before`, 'define it, or put the text in quotes');
      return null;
    }
    this.#targets.set(node, target);
    if (this.#open.has(target)) {
      this.#report(node, path, `'*${node.source}' stands for something that contains it`, 'resolve the cycle');
      return null;
    }
    return this.#value(target, path);
  }

  #scalar(value: unknown, node: Node, path: readonly (string | number)[]): Json {
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    const message = typeof value === 'number' ? `${value} is no value that JSON has` : 'this is no value that JSON has';
    this.#report(node, path, message, 'write a number or a text in quotes');
    return null;
  }

  #report(node: Node | null, path: readonly (string | number)[], message: string, remedy: string): void {
    this.#problems.push({ place: pointer(...path), position: this.#position(node), message, remedy });
  }

  #count(text: string, node: Node, path: readonly (string | number)[]): void {
    this.#characters += text.length;
    if (this.#characters <= maxCharacters) return;
    throw this.#tooMuch(node, path, `it stands for texts of more than ${maxCharacters} characters`);
  }

  #tooMuch(node: Node | null, path: readonly (string | number)[], message: string): TooMuch {
    const place = pointer(...path.slice(0, 10));
    return new TooMuch({ place, position: this.#position(node), message, remedy: 'simplify it' });
  }

  #position(node: Node | null): Position {
    return at(this.#lines, node?.range?.[0] ?? 0);
  }
}

class TooMuch extends Error {
  readonly problem: YamlProblem;

  constructor(problem: YamlProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

function syntaxProblems(errors: readonly YAMLParseError[], lines: LineCounter): YamlProblem[] {
  const deep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  return (deep ? [deep] : errors.slice(0, maxSyntaxErrors)).map(({ code, message, pos }) => ({
    place: '',
    position: at(lines, pos[0]),
    message:
      code === 'RESOURCE_EXHAUSTION'
        ? 'it is nested too deeply'
        : code === 'MULTIPLE_DOCS'
          ? 'there is more than one document in it'
          : `no valid YAML or JSON: ${message.split('\n', 1)[0]}`,
    remedy: 'correct it at this place',
  }));
}

/** `200:` and `1.10:` are the keys `200` and `1.10`. */
function keyText(key: { value: unknown; source?: string }): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

function at(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function failed(place: string, message: string, remedy: string): { source: null; problems: YamlProblem[] } {
  return { source: null, problems: [{ place, message, remedy }] };
}
