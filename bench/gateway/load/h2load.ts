/** Load in HTTP/2 by h2load. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { processors } from '../pinned-process.ts';
import { fields, type Load, type LoadResult } from './wrk.ts';

const connections = 8;
/** Requests of a connection at the same time. */
const streams = 8;

/** @throws Error if an answer is 4xx or 5xx, a request fails, or the server does not speak HTTP/2 */
export async function loadHttp2({ url, token, seconds }: Load): Promise<LoadResult> {
  const headers = [...fields, `Authorization: Bearer ${token}`];
  const args = [
    ...['-t', '1', '-c', String(connections), '-m', String(streams), '-D', String(seconds)],
    ...headers.flatMap((header) => ['-H', header]),
    url,
  ];
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(processors.other), 'h2load', ...args]);
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  const requests = number(/status codes: (\d+) 2xx/);
  const took = number(/finished in ([\d.]+)s/);
  const wrong = [/(\d+) failed/, /(\d+) errored/, /(\d+) timeout/, /(\d+) 3xx/, /(\d+) 4xx/, /(\d+) 5xx/].map(number);
  if (!/^Application protocol: h2$/m.test(stdout) || !(requests > 0) || wrong.some((count) => count !== 0)) {
    throw new Error(`wrong answers from ${new URL(url).origin}, or none:\n${stdout}`);
  }
  return { requests, bytes: number(/traffic: .*?\((\d+)\) total/), microseconds: took * 1e6 };
}
