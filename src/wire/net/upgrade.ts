/** Who asks to switch to another protocol, and who agrees (RFC 9110 7.8). */
import { opensWebSocket, webSocketAccept } from '../websocket.ts';
import type { Head } from './head.ts';

/** The protocol that a request asks for, if it is one of `allowed`; null = none, or no such request may. */
export function askedUpgrade(head: Head, allowed: readonly string[]): string | null {
  if (head.minor === 0 || head.codings > 0 || head.contentLength > 0) return null;
  const protocol = namedUpgrade(head);
  if (protocol === null || !allowed.includes(protocol)) return null;
  if (protocol === 'websocket' && !opensWebSocket(head.method, head.header('sec-websocket-key'))) return null;
  return protocol;
}

/** Does this 101 agree to the protocol that the request asked for, and to nothing else? */
export function agreesTo(answer: Head, protocol: string, request: Pick<Head, 'header'>): boolean {
  if (answer.minor === 0 || namedUpgrade(answer) !== protocol) return false;
  if (protocol !== 'websocket') return true;
  return answer.header('sec-websocket-accept') === webSocketAccept(request.header('sec-websocket-key') as string);
}

/** The one protocol of a head whose `Connection` says that it is meant. */
function namedUpgrade(head: Head): string | null {
  if (head.upgradeLines !== 1 || head.connectionLines === 0) return null;
  const options = (head.header('connection') as string).toLowerCase().split(',');
  if (!options.some((option) => option.trim() === 'upgrade')) return null;
  return (head.header('upgrade') as string).toLowerCase();
}
