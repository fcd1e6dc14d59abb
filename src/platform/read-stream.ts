/** Reads what somebody else sends, up to a limit: a length that is announced, or that packed bytes have, says nothing. */

export class TooLongError extends Error {
  override name = 'TooLongError';
}

/** @throws TooLongError at the first piece that is too much; the stream is ended then */
export async function readStream(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    length += piece.length;
    if (length > maxBytes) throw new TooLongError(`has more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
