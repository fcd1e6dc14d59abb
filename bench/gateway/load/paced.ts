/** Load that leaves the server time, and how long its answers took. */
import { fields, wrk } from './wrk.ts';

export interface PacedLoad {
  readonly url: string;
  readonly token: string;
  readonly seconds: number;
  readonly connections: number;
  /** Milliseconds that a connection waits after an answer, on average. */
  readonly pause: number;
  /** A file with a token a line, in place of `token`: each once, or all of them again and again. */
  readonly tokens?: { readonly file: string; readonly mode: 'once' | 'cycle' };
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
  const env = { BENCH_PAUSE: String(pause), ...(tokens && { BENCH_TOKENS: tokens.file, BENCH_MODE: tokens.mode }) };
  const [{ requests, microseconds }, latency] = await wrk({ url, seconds, connections, headers, script, env });
  if (latency === undefined) throw new Error('wrk said nothing about the time of answers');
  return { ...JSON.parse(latency), rate: (requests * 1e6) / microseconds };
}
