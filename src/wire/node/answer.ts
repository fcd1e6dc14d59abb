/** Answers of our own, sent through Node's response. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasContent } from '../answer-bytes.ts';
import { safeFields } from '../safe-fields.ts';
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
  for (const field of safeFields(answer.fields)) fields.push(field[0], field[1]);
  const hasBody = hasContent(answer);
  if (hasBody) fields.push('content-length', String(Buffer.byteLength(answer.body)));
  response.writeHead(answer.status, fields);
  response.end(hasBody ? answer.body : undefined);
}
