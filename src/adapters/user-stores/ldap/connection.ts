/** One connection to an LDAP server, in TLS before anything is said on it. */
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Client } from 'ldapts';

export interface ServerOptions {
  readonly startTls: boolean;
  /** PEM; undefined = what the system knows. */
  readonly ca: string | undefined;
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly timeout: number;
}

export interface Connection {
  readonly client: Client;
  /** Whether it can still be used. */
  isOpen(): boolean;
  close(): void;
}

/** @throws Error when the server can't be reached or its certificate is not believed */
export async function openConnection(url: string, options: ServerOptions): Promise<Connection> {
  const { startTls, connectTimeout, timeout } = options;
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const trusted: ConnectionOptions = {
    host,
    // Names only (RFC 6066 section 3).
    ...(isIP(host) === 0 && { servername: host }),
    ...(options.ca !== undefined && { ca: options.ca }),
    minVersion: 'TLSv1.2',
  };
  const sockets: Socket[] = [];
  const keep = (socket: Socket): Socket => {
    sockets.push(socket);
    return socket;
  };
  /** The client would open another one by itself when this one is lost: without TLS, and as nobody. */
  const once = (open: () => Socket): Socket => {
    if (sockets.length > 0) throw new Error('the connection was closed');
    return keep(open());
  };
  const { Client } = await import('ldapts');
  const client = new Client({
    url,
    timeout,
    connectTimeout,
    createConnection: ((port: number) => once(() => connect({ port, host }))) as never,
    createSecureConnection: ((first: number | ConnectionOptions) =>
      typeof first === 'number'
        ? once(() => connectTls({ ...trusted, port: first }))
        : keep(connectTls({ ...trusted, socket: first.socket as Socket }))) as never,
  });
  const close = (): void => {
    for (const socket of sockets) {
      // What it says while it is closed, when the client listens no more, would end the process.
      socket.on('error', () => {});
      socket.destroy();
    }
  };
  if (protocol.toLowerCase() === 'ldap:' && startTls) {
    // A server may accept, and then say nothing in the middle of the handshake.
    const deadline = setTimeout(close, connectTimeout + timeout);
    try {
      const upgrading = client.startTLS({});
      await Promise.race([upgrading, closed(sockets[0] as Socket)]);
    } catch (error) {
      close();
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }
  return { client, close, isOpen: () => client.isConnected && !sockets.some(({ destroyed }) => destroyed) };
}

/** Rejects when the connection is closed. */
function closed(socket: Socket): Promise<never> {
  return new Promise((_resolve, reject) => {
    socket.once('close', () => reject(new Error('the server closed the connection, or took too long')));
  });
}
