/** The body of a request on its way to where it goes. */
import type { Writable } from 'node:stream';
import type { BodyFraming } from './exchange.ts';

/** False = it has to wait for `drain`. One that takes no more gets nothing: the upstream may have answered already. */
export function writeBody(sink: Writable, framing: BodyFraming, bytes: Buffer): boolean {
  if (!sink.writable) return true;
  if (framing !== 'chunked') return sink.write(bytes);
  sink.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
  const flows = sink.write(bytes);
  sink.write('\r\n', 'latin1');
  return flows;
}

export function endBody(sink: Writable, framing: BodyFraming): void {
  if (!sink.writable) return;
  if (framing === 'chunked') sink.write('0\r\n\r\n', 'latin1');
  else if (framing === 'stream') sink.end();
}
