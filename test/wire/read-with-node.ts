/**
 * Node's parser (llhttp, as `node:http` drives it) over the same bytes. There is no public way to it but a server and
 * its sockets, a thousand times slower; so this is `node:http`'s own, whose interface is declared here.
 */
import { createRequire } from 'node:module';
import type { Message, Reading } from './reading.ts';

/** Bytes; more than any test has. */
const maxHeadSize = 1_000_000;

interface Failure extends Error {
  code: string;
  reason: string;
}

interface Parser {
  initialize(type: number, resource: object, maxHeaderSize: number): void;
  execute(bytes: Buffer): number | Failure;
  finish(): undefined | Failure;
  remove(): void;
  free(): void;
  [callback: number]: (...args: never[]) => unknown;
}

interface ParserClass {
  new (): Parser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const require = createRequire(import.meta.url);
const { HTTPParser, methods } = require('node:_http_common') as { HTTPParser: ParserClass; methods: string[] };

/** The methods that it knows; it refuses the others. */
export const nodeMethods: ReadonlySet<string> = new Set(methods);

class NodeReader {
  readonly reading: Reading = { messages: [] };
  readonly #isAnswer: boolean;
  #parser: Parser;
  #message: Message | null = null;
  #isOver = false;
  #keepsAlive = true;

  constructor(isAnswer: boolean) {
    this.#isAnswer = isAnswer;
    this.#parser = this.#newParser();
  }

  read(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0 && !this.#isOver) {
      const used = this.#parser.execute(rest);
      if (typeof used !== 'number') {
        this.#fail(used);
        break;
      }
      rest = rest.subarray(used);
      // It stops for good behind a request for an upgrade; a server that offers none goes on.
      if (rest.length > 0) {
        if (!this.#keepsAlive) this.#isOver = true;
        this.#free();
        this.#parser = this.#newParser();
      }
    }
  }

  end(): void {
    if (this.#isAnswer && !this.#isOver) this.#parser.finish();
    this.#free();
  }

  #newParser(): Parser {
    const parser = new HTTPParser();
    parser.initialize(this.#isAnswer ? HTTPParser.RESPONSE : HTTPParser.REQUEST, {}, maxHeadSize);
    let early: string[] = [];
    let url = '';
    parser[HTTPParser.kOnHeaders] = (fields: string[], more: string) => {
      // Those of trailers are of no interest.
      if (this.#message) return;
      early.push(...fields);
      url += more;
    };
    parser[HTTPParser.kOnHeadersComplete] = (
      _major: number,
      minor: number,
      fields: string[] | undefined,
      method: number,
      target: string | undefined,
      status: number,
      _reason: string | undefined,
      _upgrade: boolean,
      keepsAlive: boolean,
    ) => {
      const line = this.#isAnswer ? `${status}` : `${methods[method]} ${url}${target ?? ''}`;
      this.#begin(line, minor, [...early, ...(fields ?? [])]);
      early = [];
      url = '';
      this.#keepsAlive = keepsAlive;
      return 0;
    };
    parser[HTTPParser.kOnBody] = (bytes: Buffer) => {
      if (this.#message) this.#message.body += bytes.toString('latin1');
    };
    parser[HTTPParser.kOnMessageComplete] = () => this.#complete();
    return parser;
  }

  #begin(line: string, minor: number, flat: string[]): void {
    if (this.#isOver) return;
    const fields = Array.from(
      { length: flat.length / 2 },
      (_, at) => [flat[at * 2] as string, flat[at * 2 + 1] as string] as const,
    );
    this.#message = { line, minor, fields, body: '', isWhole: false };
    this.reading.messages.push(this.#message);
  }

  #complete(): void {
    if (!this.#message) return;
    this.#message.isWhole = true;
    // After that it is not HTTP any more, or another exchange.
    if (this.#isAnswer ? Number(this.#message.line) >= 200 : this.#message.line.startsWith('CONNECT '))
      this.#isOver = true;
    this.#message = null;
  }

  #fail(error: Failure): void {
    // What comes after `Connection: close` is dropped, as it is by us.
    if (!this.#isOver && error.code !== 'HPE_CLOSED_CONNECTION') {
      this.reading.reason = `${error.code}: ${error.reason}`;
      this.reading.refusal = this.#message ? 'body' : 'head';
    }
    this.#isOver = true;
  }

  #free(): void {
    this.#parser.remove();
    this.#parser.free();
  }
}

function read(isAnswer: boolean, parts: readonly Buffer[]): Reading {
  const reader = new NodeReader(isAnswer);
  for (const part of parts) reader.read(part);
  reader.end();
  return reader.reading;
}

export const readRequestsWithNode = (parts: readonly Buffer[]): Reading => read(false, parts);
export const readAnswerWithNode = (parts: readonly Buffer[]): Reading => read(true, parts);
