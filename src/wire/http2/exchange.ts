/** A request in HTTP/2: its answer is written to the stream that it came by. */
import { Exchange } from '../net/exchange.ts';
import type { Head } from '../net/head.ts';
import { listFields } from '../net/output.ts';
import type { Field } from '../wire.ts';
import type { ClientStream } from './client-stream.ts';

const nothing: readonly string[] = [];
const noFields: readonly Field[] = [];

export class Http2Exchange extends Exchange {
  declare protected readonly client: ClientStream;

  get version(): string {
    return '2';
  }

  /** RFC 9113 8.6: nothing is upgraded in HTTP/2. */
  get upgrade(): null {
    return null;
  }

  get tunnel(): null {
    return null;
  }

  switched(): never {
    throw new Error('nobody was asked to switch');
  }

  inform(head: Head): void {
    const list: string[] = [];
    listFields(list, head, nothing, noFields);
    // Without a prototype: a back end may call a field `constructor`.
    const fields: Record<string, number | string[]> = Object.assign(Object.create(null), { ':status': head.status });
    for (let i = 0; i < list.length; i += 2) {
      const values = fields[list[i] as string] as string[] | undefined;
      if (values) values.push(list[i + 1] as string);
      else fields[list[i] as string] = [list[i + 1] as string];
    }
    this.client.inform(fields);
  }

  answer(head: Head, length: number, isBodiless: boolean, left: number, there: number): boolean {
    const edits = this.announce(head);
    const fields = [':status', String(head.status)];
    listFields(fields, head, edits?.remove ?? nothing, edits?.set ?? noFields);
    // With a 204 or 205 `node:http2` ends the stream, and a length would be that of a body which does not come.
    if (length >= 0 && head.status !== 204 && head.status !== 205) fields.push('content-length', String(length));
    this.client.begin(fields, isBodiless || left === 0);
    return there === 0 || this.content(head.bytes, head.end, head.end + there);
  }

  /** Copied, because the stream keeps it until its window has room. */
  content(bytes: Buffer, from: number, to: number): boolean {
    return this.client.write(Buffer.from(bytes.subarray(from, to)));
  }

  /** What ends a stream is `finished`. */
  protected endContent(): void {}
}
