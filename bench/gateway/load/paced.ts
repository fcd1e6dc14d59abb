/** Load that leaves the server time, and how long its answers took. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { processors } from '../pinned-process.ts';
import { fields } from './wrk.ts';

export interface PacedLoad {
  readonly url: string;
  readonly token: string;
  readonly seconds: number;
  readonly connections: number;
  /** Milliseconds that a connection waits after an answer, on average. */
  readonly pause: number;
  /** A file with a token a line, each for one request, in place of `token`. */
  readonly tokens?: string;
}

/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Requests in each second. */
  readonly rate: number;
}

/** @throws Error if an answer is 4xx or 5xx, or a connection fails */
export async function pacedLoad({ url, token, seconds, connections, pause, tokens }: PacedLoad): Promise<Latency> {
  const script = new URL('./paced.lua', import.meta.url).pathname;
  const headers = [...fields, ...(tokens === undefined ? [`Authorization: Bearer ${token}`] : [])];
  const args = [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '20s', '-s', script],
    ...headers.flatMap((header) => ['-H', header]),
    url,
  ];
  const env = {
    ...process.env,
    BENCH_PAUSE: String(pause),
    ...(tokens !== undefined && { BENCH_TOKENS: tokens }),
  };
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(processors.other), 'wrk', ...args], { env });
  const [count, latency] = stdout.split('\n').filter((line) => line.startsWith('{'));
  if (count === undefined || latency === undefined) throw new Error(`wrk said nothing about its run:\n${stdout}`);
  const { requests, bytes: _, microseconds, ...errors } = JSON.parse(count) as Record<string, number>;
  const wrong = Object.entries(errors).filter(([, times = 0]) => times > 0);
  if (wrong.length > 0) throw new Error(`wrong answers from ${new URL(url).origin}: ${JSON.stringify(errors)}`);
  return { ...JSON.parse(latency), rate: ((requests as number) * 1e6) / (microseconds as number) };
}
