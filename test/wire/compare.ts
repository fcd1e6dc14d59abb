/** Do two parsers understand the same bytes as the same messages? */
import { isDeepStrictEqual } from 'node:util';
import type { Message, Reading } from './reading.ts';

export type Comparison =
  | { readonly is: 'same' }
  /** We refuse what Node takes, or read no further where it does. `message` = what Node made of it. */
  | { readonly is: 'stricter'; readonly message: Message | undefined }
  /** Anything else: we take what Node refuses, or understand it otherwise. `message` = ours. */
  | { readonly is: 'looser'; readonly why: string; readonly message: Message | undefined };

export function compare(ours: Reading, nodes: Reading): Comparison {
  for (const [at, own] of ours.messages.entries()) {
    const message = nodes.messages[at];
    const why = message ? compareMessages(own, message, ours, nodes) : 'is no message';
    if (why !== null) return { is: 'looser', why, message: own };
  }
  const inBody = ours.refusal === 'body';
  const at = ours.messages.length - (inBody ? 1 : 0);
  if (ours.refusal) {
    if (refusesToo(nodes, at, inBody)) return { is: 'same' };
    return { is: 'stricter', message: nodes.messages[at] };
  }
  const own = ours.messages.at(-1);
  if (nodes.messages.length > ours.messages.length && ours.isClosed) return { is: 'stricter', message: own };
  if (nodes.messages.length > ours.messages.length)
    return { is: 'looser', why: 'there are more messages', message: own };
  const isSettled = !ours.isWaiting && !ours.isClosed && own?.isWhole !== false;
  if (nodes.refusal && isSettled) return { is: 'looser', why: 'is refused', message: own };
  return { is: 'same' };
}

/** Does Node refuse the same message? A coding that it can't undo it refuses only behind the head. */
function refusesToo({ messages, refusal, reason }: Reading, at: number, inBody: boolean): boolean {
  if (refusal === 'head') return messages.length === at;
  const isLast = messages.length === at + 1;
  return refusal === 'body' && isLast && (inBody || reason?.startsWith('HPE_INVALID_TRANSFER_ENCODING') === true);
}

/** Null = the same, as far as both have come. */
function compareMessages(own: Message, other: Message, ours: Reading, nodes: Reading): string | null {
  if (own.line !== other.line || own.minor !== other.minor) return `begins otherwise: ${other.line} 1.${other.minor}`;
  if (!isDeepStrictEqual(own.fields, other.fields)) return `has other fields: ${JSON.stringify(other.fields)}`;
  if (own.isWhole) return other.isWhole && own.body === other.body ? null : `has another body: ${other.body}`;
  if (other.isWhole) return ours.refusal === 'body' && other.body.startsWith(own.body) ? null : 'is over already';
  const isShorter = ours.refusal !== undefined || nodes.refusal !== undefined;
  const isRight = isShorter ? other.body.startsWith(own.body) : other.body === own.body;
  return isRight ? null : `has another body: ${other.body}`;
}
