/** Asks whether anything answers at the address of a back end. */
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
 * Back ends are wherever the gateway reaches them, often in private networks, so addresses are not restricted. What a
 * creator learns of them is the status of one request, and no more: http and https only, no redirects, no credentials,
 * nothing of the answer.
 * @throws RestError 400 when it is no such address
 */
export async function probeEndpoint(address: string): Promise<Probe> {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '') {
    throw new RestError(400, 'endpointUrl: expected an absolute http or https URL without credentials.');
  }
  const signal = AbortSignal.timeout(longest);
  try {
    const head = await ask(url, 'HEAD', signal);
    // Many back ends don't know the verb.
    return head.status === 405 || head.status === 501 ? await ask(url, 'GET', signal) : head;
  } catch (error) {
    return {
      status: 0,
      text: 'unreachable',
      error: signal.aborted ? `no answer within ${longest / 1000} seconds` : whyOf(error),
    };
  }
}

async function ask(url: URL, method: string, signal: AbortSignal): Promise<Probe> {
  const { status, statusText, body } = await fetch(url, { method, redirect: 'manual', signal });
  await body?.cancel();
  return { status, text: statusText };
}
