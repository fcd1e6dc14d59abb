/** A request to an address that a user gave, with an end to everything: time, size, and no redirects. */
import type { RequestInit } from 'undici';
import { fetchOutside, type PrivateAddresses } from './fetch-outside.ts';

/** Milliseconds until the answer has to be there whole, and bytes that it may have. */
const timeout = 5000;
const maxAnswer = 65_536;

export interface BoundedAnswer {
  readonly status: number;
  readonly text: string;
}

/** @throws Error that says why there is no answer; never anything that was sent */
export async function fetchBounded(
  url: URL,
  init: Omit<RequestInit, 'signal'>,
  privateAddresses: PrivateAddresses,
): Promise<BoundedAnswer> {
  const signal = AbortSignal.timeout(timeout);
  const response = await fetchOutside(url, { ...init, signal }, privateAddresses).catch((error) => {
    throw explained(error);
  });
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of response.body ?? []) {
      pieces.push(piece);
      length += piece.length;
      if (length > maxAnswer) throw new Error(`the answer has more than ${maxAnswer} bytes`);
    }
  } finally {
    await response.body?.cancel().catch(() => {});
  }
  return { status: response.status, text: Buffer.concat(pieces).toString('utf8') };
}

/** "fetch failed" is all that `fetch` says itself; of several addresses of a name the first has to do. */
function explained(error: Error): Error {
  const { cause = error } = error as { cause?: Error & { code?: string; errors?: readonly Error[] } };
  if (cause.name === 'TimeoutError') return new Error(`no answer within ${timeout / 1000} s`, { cause: error });
  const { message } = (cause as { errors?: readonly Error[] }).errors?.[0] ?? cause;
  return new Error(message || error.message, { cause: error });
}
