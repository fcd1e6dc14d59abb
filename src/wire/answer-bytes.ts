import { STATUS_CODES } from 'node:http';
import type { LocalAnswer } from './wire.ts';

/** Has it a body, or could it have one (RFC 9110 15.3.5, 15.4.5)? */
export const hasContent = ({ status }: LocalAnswer): boolean => status !== 204 && status !== 304;

/**
 * The head of an answer of our own, in HTTP/1.1.
 * @param connection what it says of the connection; null = nothing
 */
export function answerHead(answer: LocalAnswer, date: string, connection: 'close' | 'keep-alive' | null): string {
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`;
  for (const [name, value] of answer.fields) head += `${name}: ${value}\r\n`;
  head += `date: ${date}\r\n`;
  if (hasContent(answer)) head += `content-length: ${Buffer.byteLength(answer.body)}\r\n`;
  return connection === null ? `${head}\r\n` : `${head}connection: ${connection}\r\n\r\n`;
}

/** An answer as bytes, for what can't be read as a request. The connection ends after it. */
export function answerBytes(answer: LocalAnswer): string {
  return answerHead(answer, new Date().toUTCString(), 'close') + answer.body;
}
