/** Gets a definition from an address that a user gave. */
import { fetchOutside, PrivateAddressError, type PrivateAddresses } from '../../../adapters/outbound/fetch-outside.ts';
import { RestError } from '../../../platform/rest-error.ts';

/** Bytes of a definition, and milliseconds until it has to be there, at most. */
const largest = 10 * 1024 * 1024;
const longest = 10_000;

/**
 * Only http and https, TLS certificates checked, no redirects: what an address leads to is what its author sees there. The
 * answer is read as a definition and shown as far as it is one.
 * @throws RestError 400 when it can't be had; the message says why
 */
export async function fetchDefinition(address: string, privateAddresses: PrivateAddresses): Promise<string> {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '') {
    throw new RestError(400, 'url: expected an absolute http or https URL without credentials.');
  }
  const failed = (why: string): RestError => new RestError(400, `No definition could be had from ${url.host}: ${why}.`);
  const signal = AbortSignal.timeout(longest);
  const headers = { accept: 'application/json, application/yaml, text/yaml, */*;q=0.1' };
  const response = await fetchOutside(url, { signal, headers }, privateAddresses).catch((error) => {
    throw failed(whyOf(error));
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw failed(`it answered ${response.status}; expected 200 without a redirect`);
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of response.body ?? []) {
      size += piece.length;
      // Leaving the loop ends the connection.
      if (size > largest) throw failed(`it is larger than ${largest} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    throw error instanceof RestError ? error : failed(whyOf(error));
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** What a failed `fetch` says of the reason. */
export function whyOf(error: unknown): string {
  if (error instanceof PrivateAddressError) return `${error.message}; the option is controlPlane.privateAddresses`;
  const { name, cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `it took longer than ${longest / 1000} seconds`;
  return cause?.code ?? cause?.message ?? message;
}
