/** A peer that speaks HTTP/2 frame by frame, right or wrong (RFC 9113 4, 6), and what came from the other one. */
import type { Socket } from 'node:net';

export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  more: 9,
};
export const endOfStream = 1;
export const endOfHeaders = 4;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const content = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, content]);
}

/** A field block: literal fields, no index (RFC 7541 6.2.2). */
export function block(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap((field) => [Buffer.from([0]), ...field.map(literal)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

export const get: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'h'],
  [':path', '/'],
];
export const post = [[':method', 'POST'], ...get.slice(1)] as typeof get;

const code = (value: number): Buffer => Buffer.from([0, 0, 0, value]);
export const reset = (stream: number, error: number): Buffer => frame(types.reset, 0, stream, code(error));
export const settings = frame(types.settings, 0, 0);
export const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]);

export class FramePeer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  isClosed = false;
  #bytes = Buffer.alloc(0);
  #changed: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The first frame that is so, from now on or before; rejects when the connection closes without one. */
  async until(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(wanted);
      if (found) return found;
      if (this.isClosed) throw new Error(`closed after frames of the types ${this.frames.map(({ type }) => type)}`);
      await this.#change();
    }
  }

  /** The error that the stream, or the connection (0), was ended with. */
  async ended(stream: number): Promise<number> {
    const type = stream === 0 ? types.goaway : types.reset;
    const { payload } = await this.until((frame) => frame.type === type && frame.stream === stream);
    return payload.readUInt32BE(stream === 0 ? 4 : 0);
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  #read(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const all = this.#bytes;
      if (all.length < 9) break;
      const length = all.readUIntBE(0, 3);
      if (all.length < 9 + length) break;
      this.frames.push({
        type: all[3] as number,
        flags: all[4] as number,
        stream: all.readUInt32BE(5),
        payload: all.subarray(9, 9 + length),
      });
      this.#bytes = all.subarray(9 + length);
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}
