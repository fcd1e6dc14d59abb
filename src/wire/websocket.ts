/** The opening handshake of a WebSocket, as far as whoever stands between has to know it (RFC 6455 4). */
import { hash } from 'node:crypto';

/** Is it one? `key`: its `Sec-WebSocket-Key`. Others say `Upgrade: websocket` too; servers don't agree on what that is then. */
export function opensWebSocket(method: string, key: string | undefined): boolean {
  return method === 'GET' && key !== undefined && /^[A-Za-z\d+/]{22}==$/.test(key);
}

/** `Sec-WebSocket-Accept` of a server that has understood this key. */
export function webSocketAccept(key: string): string {
  return hash('sha1', `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64');
}
