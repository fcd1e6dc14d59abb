/**
 * A TCP connection that reads on when it can't be written to any more. One who answers before he has read the whole
 * request and closes makes the system reset the connection (RFC 9112 9.6): what we write then fails, while his answer
 * is there already and only has to be read. Node would end the connection, and the answer with it.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';

export class ReadOnSocket extends Socket {
  readonly #onWriteFailed: () => void;
  #hasFailed = false;

  /** @param onWriteFailed is called once; it has to see to it that the connection ends */
  constructor(options: SocketConstructorOpts, onWriteFailed: () => void) {
    super(options);
    this.#onWriteFailed = onWriteFailed;
  }

  override destroy(error?: NodeJS.ErrnoException): this {
    if (this.#hasFailed || error?.syscall !== 'write') return super.destroy(error);
    this.#hasFailed = true;
    this.#onWriteFailed();
    return this;
  }
}
