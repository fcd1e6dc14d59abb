/** A request in HTTP/1.1: its answer is written to the connection that it came by. */
import type { Socket } from 'node:net';
import type { Field } from '../wire.ts';
import type { ClientConnection } from './connection.ts';
import { Exchange } from './exchange.ts';
import type { Head } from './head.ts';
import { begin, flush, putBytes, putField, putFields, putText, room } from './output.ts';
import type { LargeBuffer } from './read-buffers.ts';
import { NetTunnel } from './tunnel.ts';

const CR = 13;
/** Bytes from which on a copy costs more than waiting until the client has taken them. */
const worthKeeping = 8192;
const nothing: readonly string[] = [];
const noFields: readonly Field[] = [];

export class NetExchange extends Exchange {
  declare protected readonly client: ClientConnection;
  /** Is the answer to the client in chunks of ours? */
  #chunked = false;
  #tunnel: NetTunnel | null = null;

  get version(): string {
    return this.client.isHttp10 ? '1.0' : '1.1';
  }

  get upgrade(): string | null {
    return this.client.upgrade;
  }

  get tunnel(): NetTunnel | null {
    return this.#tunnel;
  }

  inform(head: Head): void {
    if (this.head.minor === 0) return;
    begin();
    putText(`HTTP/1.1 ${head.status} \r\n`);
    putFields(head, nothing, noFields);
    putText('\r\n');
    flush(this.client.socket, this.secure);
  }

  /** The client is told so. */
  switched(head: Head, upstream: Socket): NetTunnel {
    const connection = this.client;
    const tunnel = new NetTunnel(connection.socket, upstream, connection.tunnelLimits, (failure) =>
      this.tunnelled(failure),
    );
    this.#tunnel = tunnel;
    const edits = this.announce(head);
    begin();
    putText('HTTP/1.1 101 Switching Protocols\r\n');
    putFields(head, edits?.remove ?? nothing, edits?.set ?? noFields);
    if (!head.hasDate) putText(`date: ${connection.date}\r\n`);
    putText(`connection: upgrade\r\nupgrade: ${this.askedUpgrade}\r\n\r\n`);
    if (!flush(connection.socket, this.secure)) upstream.pause();
    connection.carry(tunnel);
    return tunnel;
  }

  answer(head: Head, length: number, isBodiless: boolean, left: number, there: number): boolean {
    const edits = this.announce(head);
    const connection = this.client;
    this.#chunked = !isBodiless && left < 0 && this.head.minor === 1;
    if (!isBodiless && left < 0 && !this.#chunked) connection.keepAlive = false;
    begin();
    putText('HTTP/1.1');
    let reason = 12;
    while (head.bytes[reason] !== CR) reason++;
    putBytes(head.bytes, 8, reason);
    putText(reason === 12 ? ' \r\n' : '\r\n');
    putFields(head, edits?.remove ?? nothing, edits?.set ?? noFields);
    if (!head.hasDate) putField('date', connection.date);
    if (this.#chunked) putText('transfer-encoding: chunked\r\n');
    else if (length >= 0 && head.status !== 204) putField('content-length', String(length));
    putText(
      connection.endsAfterAnswer()
        ? 'connection: close\r\n\r\n'
        : connection.isHttp10
          ? 'connection: keep-alive\r\n\r\n'
          : '\r\n',
    );
    const isOneWrite = !this.#chunked && there <= room();
    if (isOneWrite) putBytes(head.bytes, head.end, head.end + there);
    const flows = flush(connection.socket, this.secure);
    return isOneWrite || there === 0 ? flows : this.content(head.bytes, head.end, head.end + there);
  }

  content(bytes: Buffer, from: number, to: number, large: LargeBuffer | null = null): boolean {
    const { socket } = this.client;
    const piece = bytes.subarray(from, to);
    const sent = large !== null && to - from >= worthKeeping ? large.writing() : undefined;
    const data = sent ? piece : Buffer.from(piece);
    let flows: boolean;
    if (this.#chunked) {
      socket.cork();
      socket.write(`${(to - from).toString(16)}\r\n`, 'latin1');
      socket.write(data, sent);
      flows = socket.write('\r\n', 'latin1');
      socket.uncork();
    } else flows = socket.write(data, sent);
    // Nothing is read into its place before it has gone.
    return sent ? socket.writableLength === 0 : flows;
  }

  protected endContent(): void {
    if (this.#chunked) this.client.socket.write('0\r\n\r\n', 'latin1');
  }
}
