/** Answers of our own, sent through Node's response or, where there is none, as bytes. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { LocalAnswer } from '../wire.ts';
import { isDrainable, isReceiving } from './body.ts';
import type { Connection } from './connection.ts';

/** Sends an answer to a request whose body may be unread. */
export function sendAnswer(
  client: Connection,
  request: IncomingMessage,
  response: ServerResponse,
  answer: LocalAnswer,
): void {
  if (client.socket.destroyed) return;
  if (client.isLast(request)) response.shouldKeepAlive = false;
  if (isReceiving(request) && !(response.shouldKeepAlive && isDrainable(request))) {
    response.shouldKeepAlive = false;
    client.lingerAfterAnswer();
  }
  const fields: string[] = [];
  for (const field of answer.fields) fields.push(field[0], field[1]);
  const hasContent = answer.status !== 204 && answer.status !== 304;
  if (hasContent) fields.push('content-length', String(Buffer.byteLength(answer.body)));
  response.writeHead(answer.status, fields);
  response.end(hasContent ? answer.body : undefined);
}

/** An answer as bytes, for a request that `node:http` could not read. The connection ends after it. */
export function answerBytes(answer: LocalAnswer): string {
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`;
  for (const [name, value] of answer.fields) head += `${name}: ${value}\r\n`;
  head += `date: ${new Date().toUTCString()}\r\ncontent-length: ${Buffer.byteLength(answer.body)}\r\n`;
  return `${head}connection: close\r\n\r\n${answer.body}`;
}
