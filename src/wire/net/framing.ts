/**
 * How a message ends, and whether the connection goes on (RFC 9112 6.3 and 9.3). One who sends a head that can be read
 * in two ways is not guessed at: whoever reads it the other way would take the rest of the body for a message.
 */
import { type Head, kinds } from './head.ts';

const TAB = 9;
const CR = 13;

/** No length, one length, or one `chunked` in HTTP/1.1; never both. */
export function isFramed(head: Head): boolean {
  if (head.contentLength === -2) return false;
  if (head.codings === 0) return true;
  return head.minor === 1 && head.contentLength === -1 && head.codings === 1 && isChunked(head);
}

/** RFC 9110 5.6.3 would let tabs stand behind the word; there are parsers that see another coding then. */
function isChunked(head: Head): boolean {
  const field = head.kind.indexOf(kinds.coding);
  let at = head.ranges[field * 4 + 3] as number;
  while (head.bytes[at] !== CR) if (head.bytes[at++] === TAB) return false;
  return head.value(field).toLowerCase() === 'chunked';
}

/**
 * Besides: an answer that never has a body must not announce one (RFC 9110 8.6, RFC 9112 6.1), and one that another
 * has to follow must not be the last.
 */
export function isAnswerFramed(head: Head): boolean {
  if (!isFramed(head) || (head.status < 200 && !keepsAlive(head))) return false;
  return (head.status >= 200 && head.status !== 204) || (head.codings === 0 && head.contentLength <= 0);
}

/** May there be another message after this one? */
export function keepsAlive(head: Head): boolean {
  if (head.connectionLines === 0) return head.minor === 1;
  if (head.persistence !== null) return head.persistence === 'keep-alive';
  const options = (head.header('connection') as string)
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
  return !options.includes('close') && (head.minor === 1 || options.includes('keep-alive'));
}
