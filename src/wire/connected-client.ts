import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Whose connection it is: what an exchange says of its client that is the same for all exchanges of the connection. */
export class ConnectedClient {
  readonly socket: Socket;
  readonly secure: boolean;
  readonly remoteAddress: string;
  kept: unknown = null;
  /** undefined = nobody has asked yet. */
  #certificate: X509Certificate | null | undefined;

  constructor(socket: Socket, secure: boolean) {
    this.socket = socket;
    this.secure = secure;
    // As IPv4, also where the listener is one of IPv6.
    this.remoteAddress = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  }

  /** Taken from the connection at the first call: each makes a new object. */
  get clientCertificate(): X509Certificate | null {
    if (this.#certificate === undefined) {
      this.#certificate = (this.socket as Partial<TLSSocket>).getPeerX509Certificate?.() ?? null;
    }
    return this.#certificate;
  }
}
