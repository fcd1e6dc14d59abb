/** Our parser over a stream of requests, or an answer, as the connections of `src/wire/net/` use it. */
import { accept } from '../../src/wire/net/accept.ts';
import { ChunkReader } from '../../src/wire/net/chunks.ts';
import { isAnswerFramed } from '../../src/wire/net/framing.ts';
import { Head } from '../../src/wire/net/head.ts';
import type { Message, Reading } from './reading.ts';

class Reader {
  readonly reading: Reading = { messages: [] };
  readonly #isAnswer: boolean;
  readonly #head = new Head();
  #stash: Buffer = Buffer.alloc(0);
  #message: Message | null = null;
  /** Of the body; Infinity = until the end. */
  #left = 0;
  #chunks: ChunkReader | null = null;
  /** Is there nothing more to read after this message? */
  #isLast = false;
  #isOver = false;
  /** Where the present message begins, and how far the bytes have been read. */
  #start = 0;
  #at = 0;

  constructor(isAnswer: boolean) {
    this.#isAnswer = isAnswer;
  }

  read(piece: Buffer): void {
    // A copy: the data of chunks is moved together in it.
    let bytes = Buffer.concat([this.#stash, piece]);
    while (bytes.length > 0 && !this.#isOver) {
      const used = this.#message ? this.#body(this.#message, bytes) : this.#begin(bytes);
      if (used === 0 && !this.#message) break;
      bytes = bytes.subarray(used);
      this.#at += used;
    }
    this.#stash = bytes;
  }

  end(): void {
    if (this.#message && this.#left === Number.POSITIVE_INFINITY) this.#message.isWhole = true;
    this.reading.isWaiting = this.#stash.length > 0 && !this.#isOver;
  }

  /** Bytes of the head; 0 = not yet whole, or refused. */
  #begin(bytes: Buffer): number {
    const head = this.#head;
    this.#start = this.#at;
    const parsed = this.#isAnswer ? head.parseAnswer(bytes) : head.parseRequest(bytes);
    if (parsed === 'incomplete') return 0;
    if (parsed !== 'complete') return this.#refuse('head', parsed);
    let line: string;
    let isBodiless = false;
    if (this.#isAnswer) {
      if (!isAnswerFramed(head) || head.status === 101) return this.#refuse('request');
      line = `${head.status}`;
      isBodiless = head.status < 200 || head.status === 204 || head.status === 304;
      this.#isLast = head.status >= 200;
    } else {
      const request = accept(head);
      if (!request) return this.#refuse('request');
      line = `${request.method} ${head.slice(head.targetStart, head.targetEnd)}`;
      this.#isLast = !request.keepsAlive;
    }
    const fields = Array.from({ length: head.count }, (_, field) => {
      const [start, end] = head.ranges.subarray(field * 4, field * 4 + 2);
      return [head.slice(start as number, end as number), head.value(field)] as const;
    });
    this.#message = { line, minor: head.minor, fields, body: '', isWhole: false };
    this.reading.messages.push(this.#message);
    this.#chunks = head.codings > 0 && !isBodiless ? new ChunkReader() : null;
    const untilEnd = this.#isAnswer && head.contentLength < 0;
    this.#left = isBodiless
      ? 0
      : untilEnd && !this.#chunks
        ? Number.POSITIVE_INFINITY
        : Math.max(0, head.contentLength);
    if (!this.#chunks && this.#left === 0) this.#complete(this.#message);
    return head.end;
  }

  #body(message: Message, bytes: Buffer): number {
    let used: number;
    if (this.#chunks) {
      used = this.#chunks.read(bytes, 0, (from, to) => {
        message.body += bytes.toString('latin1', from, to);
      });
      if (used < 0) return this.#refuse('body');
      if (this.#chunks.isDone) this.#complete(message);
    } else {
      used = Math.min(bytes.length, this.#left);
      message.body += bytes.toString('latin1', 0, used);
      this.#left -= used;
      if (this.#left === 0) this.#complete(message);
    }
    return used;
  }

  #complete(message: Message): void {
    message.isWhole = true;
    this.#message = null;
    this.#isOver = this.#isLast;
    this.reading.isClosed = this.#isLast;
  }

  #refuse(where: 'head' | 'request' | 'body', reason: string = where): 0 {
    this.reading.refusal = where;
    this.reading.reason = reason;
    this.reading.refusedAt = this.#start;
    this.#isOver = true;
    return 0;
  }
}

function read(isAnswer: boolean, parts: readonly Buffer[]): Reading {
  const reader = new Reader(isAnswer);
  for (const part of parts) reader.read(part);
  reader.end();
  return reader.reading;
}

export const readRequests = (parts: readonly Buffer[]): Reading => read(false, parts);
/** The answer to a GET, with the informational ones before it. */
export const readAnswer = (parts: readonly Buffer[]): Reading => read(true, parts);
