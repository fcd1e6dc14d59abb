/** A client of WebSockets, Node's own, with what came to it. */

export interface WebSocketClient {
  /** Sends, and resolves with the next message that comes. */
  echo(text: string): Promise<string>;
  /** Resolves with `performance.now()` of when it was closed. */
  readonly closed: Promise<number>;
  readonly isOpen: boolean;
  close(): void;
}

/** Resolves when it is open. Rejects when it is not let in. */
export function openWebSocket(url: string, headers: Record<string, string> = {}): Promise<WebSocketClient> {
  // Its own types know no header fields.
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers } as unknown as string[]);
  const waiting: ((text: string) => void)[] = [];
  socket.addEventListener('message', ({ data }) => waiting.shift()?.(String(data)));
  const closed = new Promise<number>((resolve) => socket.addEventListener('close', () => resolve(performance.now())));
  const client: WebSocketClient = {
    closed,
    echo: (text) =>
      new Promise((resolve, reject) => {
        waiting.push(resolve);
        void closed.then(() => reject(new Error('the WebSocket was closed')));
        socket.send(text);
      }),
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    close: () => socket.close(),
  };
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(client));
    socket.addEventListener('error', () => reject(new Error(`no WebSocket to ${url}`)));
  });
}
