/** Node's HTTP/2, loaded when the first connection speaks it, and the traps in it. */
import type { Http2Stream } from 'node:http2';

export const nodeHttp2 = (): typeof import('node:http2') => process.getBuiltinModule('node:http2');

/** What a stream or a connection ends with (RFC 9113 7). */
export const codes = {
  none: 0,
  protocol: 1,
  internal: 2,
  refused: 7,
  cancel: 8,
  enhanceYourCalm: 11,
};

/** The flag of a head that has no body behind it (RFC 9113 6.2). */
export const endStream = 1;

const givenUp = new Error('the rest of this message does not come');

/**
 * Ends a stream before its message is whole. Of a message that is not, `close` would say first that it is (END_STREAM) and
 * reset the stream only then, so that half of it would pass for all; what is destroyed is reset with `internal`.
 */
export function reset(stream: Http2Stream, code: number): void {
  if (stream.writableEnded && !stream.closed) stream.close(code);
  else stream.destroy(givenUp);
}
