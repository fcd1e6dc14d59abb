import { STATUS_CODES } from 'node:http';
import type { LocalAnswer } from './wire.ts';

/** An answer as bytes, for what can't be read as a request. The connection ends after it. */
export function answerBytes(answer: LocalAnswer): string {
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`;
  for (const [name, value] of answer.fields) head += `${name}: ${value}\r\n`;
  head += `date: ${new Date().toUTCString()}\r\ncontent-length: ${Buffer.byteLength(answer.body)}\r\n`;
  return `${head}connection: close\r\n\r\n${answer.body}`;
}
