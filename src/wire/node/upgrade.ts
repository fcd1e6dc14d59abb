import type { IncomingMessage } from 'node:http';
import { opensWebSocket } from '../websocket.ts';
import { hasBody } from './body.ts';

/** Does the request ask to switch to one of these protocols (RFC 9110 7.8), and to no other? */
export function asksToSwitch(request: IncomingMessage, upgrades: readonly string[]): boolean {
  const { upgrade, connection = '' } = request.headers;
  if (upgrade === undefined || request.httpVersionMinor === 0 || hasBody(request)) return false;
  const options = connection.toLowerCase().split(',');
  const protocol = upgrade.toLowerCase();
  if (!upgrades.includes(protocol) || !options.some((option) => option.trim() === 'upgrade')) return false;
  return protocol !== 'websocket' || opensWebSocket(request.method as string, request.headers['sec-websocket-key']);
}
