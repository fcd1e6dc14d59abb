/** What is known of a request's size, above all its body's, from its head. */
import type { IncomingMessage } from 'node:http';

/** Bytes of an unread body that are read to keep the connection; more, and it is closed. */
const maxDrained = 65_536;

/** Does the request have content (RFC 9112 6)? */
export function hasBody({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  return length !== undefined && Number(length) !== 0;
}

/** Is the end of the body still to come? */
export function isReceiving(request: IncomingMessage): boolean {
  return !request.complete && hasBody(request);
}

/** Will `node:http` read and drop what is left, soon enough? Only of a body that nobody has touched. */
export function isDrainable(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return !request.destroyed && !request.readableDidRead && length !== undefined && Number(length) <= maxDrained;
}

/**
 * RFC 9112 6.1: HTTP/1.0 has no transfer-encoding, and a coding other than chunked is one that nobody here undoes.
 * (`node:http` itself refuses transfer-encoding together with content-length, and contradicting lengths.)
 */
export function isFramed({ headers, httpVersionMinor }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding === undefined || (httpVersionMinor > 0 && coding.toLowerCase() === 'chunked');
}

/** Bytes of the whole request if its head is written as everybody does, one blank after a colon. NaN = not known. */
export function usualSize({ method, url, rawHeaders, headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Number.NaN;
  let size = `${method} ${url} HTTP/1.1\r\n\r\n`.length + Number(headers['content-length'] ?? 0);
  // Per field two strings, ": " and the end of the line.
  for (const part of rawHeaders) size += part.length + 2;
  return size;
}
