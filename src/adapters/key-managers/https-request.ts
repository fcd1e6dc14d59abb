/** One request to a key manager over HTTPS, with an end to everything: time, size, and no redirects. */
import type { Agent } from 'node:https';
import { request } from 'node:https';

export interface HttpsRequest {
  readonly url: string;
  readonly agent: Agent;
  /** A form to post; absent = GET. */
  readonly form?: URLSearchParams;
  readonly authorization?: string | null;
  /** Milliseconds until the answer has to be there whole. */
  readonly timeout: number;
  /** Bytes of an answer at most. */
  readonly maxAnswer: number;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

/** @throws Error that names the address, without its query; never anything that was sent */
export async function sendRequest(asked: HttpsRequest): Promise<HttpsAnswer> {
  const { url, form, authorization, agent, timeout, maxAnswer } = asked;
  const place = placeOf(url);
  const limit = AbortSignal.timeout(timeout);
  try {
    return await new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method: form ? 'POST' : 'GET',
        agent,
        signal: limit,
        headers: {
          accept: 'application/json',
          ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
          ...(authorization && { authorization }),
        },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > maxAnswer) outgoing.destroy(new Error(`the answer has more than ${maxAnswer} bytes`));
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      outgoing.end(form?.toString());
    });
  } catch (error) {
    const why = limit.aborted ? `no answer within ${timeout} ms` : (error as Error).message;
    throw new Error(`${place}: ${why}`);
  }
}

/** An address as it may be shown. */
export function placeOf(url: string): string {
  const { protocol, host, pathname } = URL.parse(url) ?? { protocol: '', host: 'no URL', pathname: '' };
  return `${protocol}//${host}${pathname}`;
}
