/** The body of a request on its way to where it goes. */
import type { Writable } from 'node:stream';
import type { BodyFraming } from './exchange.ts';

/** False = it has to wait for `drain`. One that takes no more gets nothing: the upstream may have answered already. */
export function writeBody(sink: Writable, framing: BodyFraming, bytes: Buffer): boolean {
  if (!sink.writable) return true;
  let flows: boolean;
  if (framing === 'chunked') {
    sink.cork();
    sink.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    sink.write(bytes);
    flows = sink.write('\r\n', 'latin1');
    sink.uncork();
  } else flows = sink.write(bytes);
  // A large piece is answered with false even if the system has taken all of it.
  return flows || sink.writableLength === 0;
}

export function endBody(sink: Writable, framing: BodyFraming): void {
  if (!sink.writable) return;
  if (framing === 'chunked') sink.write('0\r\n\r\n', 'latin1');
  else if (framing === 'stream') sink.end();
}

/** Bytes of a piece from which on it is worth the call. */
const large = 16_384;

/**
 * Frees the memory of a piece that the system has taken and nobody looks at any more. The collector would come for it when
 * there are very many, and look at everything else then: half of what an upload costs.
 */
export function freePiece(bytes: Buffer): void {
  // Smaller ones may share their memory with others.
  if (bytes.length >= large && bytes.length === bytes.buffer.byteLength) (bytes.buffer as ArrayBuffer).transfer(0);
}
