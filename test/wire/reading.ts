/** What a parser made of some bytes. */

export interface Message {
  /** `GET /a`, `200`. */
  readonly line: string;
  readonly minor: number;
  /** Names as sent, values without the blanks around them; latin1. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  body: string;
  isWhole: boolean;
}

export interface Reading {
  readonly messages: Message[];
  /** The bytes are no HTTP from some point on, and which; undefined = they are, or would be if more came. */
  refusal?: 'head' | 'request' | 'body';
  /** The parser's own word for it. */
  reason?: string;
  /** Where the message begins that was refused. */
  refusedAt?: number;
  /** Bytes wait that are no whole head yet. */
  isWaiting?: boolean;
  /** It was said that this is the last message; what comes after it is not read. */
  isClosed?: boolean;
}

/** The bytes in pieces. `cuts` in ascending order. */
export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts, bytes.length];
  return ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
}
