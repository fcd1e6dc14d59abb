/** Asks whether anything answers at the address of a back end. */
import { fetchOutside, type PrivateAddresses } from '../../../adapters/outbound/fetch-outside.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { whyOf } from '../definitions/fetch-definition.ts';

/** Milliseconds. */
const longest = 5000;

export interface Probe {
  /** 0 = nothing answered; then `error` says why. */
  readonly status: number;
  readonly text: string;
  readonly error?: string;
}

/**
 * What a creator learns of an address is the status of one request, and no more: http and https only, no redirects, no
 * credentials, nothing of the answer.
 * @throws RestError 400 when it is no such address
 */
export async function probeEndpoint(address: string, privateAddresses: PrivateAddresses): Promise<Probe> {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '') {
    throw new RestError(400, 'endpointUrl: expected an absolute http or https URL without credentials.');
  }
  const signal = AbortSignal.timeout(longest);
  try {
    const head = await ask(url, 'HEAD', signal, privateAddresses);
    // Many back ends don't know the verb.
    return head.status === 405 || head.status === 501 ? await ask(url, 'GET', signal, privateAddresses) : head;
  } catch (error) {
    return {
      status: 0,
      text: 'unreachable',
      error: signal.aborted ? `no answer within ${longest / 1000} seconds` : whyOf(error),
    };
  }
}

async function ask(url: URL, method: string, signal: AbortSignal, privateAddresses: PrivateAddresses): Promise<Probe> {
  const { status, statusText, body } = await fetchOutside(url, { method, signal }, privateAddresses);
  await body?.cancel();
  return { status, text: statusText };
}
