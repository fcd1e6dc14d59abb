/** Load by wrk, and what it saw. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { processors } from '../pinned-process.ts';

export interface Load {
  /** Where it goes; with `varied` only the origin counts. */
  readonly url: string;
  readonly token: string;
  readonly seconds: number;
  /** Default 64. */
  readonly connections?: number;
  /** Default true: connections are kept. */
  readonly keepAlive?: boolean;
  /** A body with each request, of so many bytes. */
  readonly bodyBytes?: number;
  /** Tokens (a file with one a line) and APIs in turn, in place of `token` and the path. */
  readonly varied?: { readonly tokens: string; readonly mode: 'cycle' | 'once'; readonly apis: number };
}

export interface LoadResult {
  readonly requests: number;
  /** Of the answers, with their heads. */
  readonly bytes: number;
  readonly microseconds: number;
}

/** Fields that a client sends besides the token, so that a request has about the size that requests have. */
export const fields = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) bench/1',
  'Accept: application/json, text/plain, */*',
  'Accept-Language: en-GB,en;q=0.8',
];

/** @throws Error if an answer is 4xx or 5xx, or a connection fails. */
export async function load(options: Load): Promise<LoadResult> {
  const { url, token, seconds, connections = 64, keepAlive = true, bodyBytes, varied } = options;
  const script = new URL(varied === undefined ? './report.lua' : './varied.lua', import.meta.url).pathname;
  const headers = [...fields, ...(keepAlive ? [] : ['Connection: close'])];
  if (varied === undefined) headers.push(`Authorization: Bearer ${token}`);
  const [result] = await wrk({
    url,
    seconds,
    connections,
    headers,
    script,
    args: varied === undefined ? [] : [varied.tokens, varied.mode, String(varied.apis)],
    env: bodyBytes === undefined ? {} : { BENCH_BODY: String(bodyBytes) },
  });
  return result;
}

export interface WrkRun {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  readonly headers: readonly string[];
  /** File in Lua. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What wrk counted, and the lines of JSON that its script said besides.
 * @throws Error if an answer is 4xx or 5xx, or a connection fails, or nothing comes
 */
export async function wrk(run: WrkRun): Promise<[LoadResult, ...string[]]> {
  const { url, seconds, connections, headers, script, args = [] } = run;
  const all = [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '20s', '-s', script],
    ...headers.flatMap((header) => ['-H', header]),
    url,
    ...(args.length === 0 ? [] : ['--', ...args]),
  ];
  const env = { ...process.env, ...run.env };
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(processors.other), 'wrk', ...all], { env });
  const [line, ...more] = stdout.match(/^\{.*\}$/gm) ?? [];
  if (line === undefined) throw new Error(`wrk said nothing about its run:\n${stdout}`);
  const { requests, bytes, microseconds, ...errors } = JSON.parse(line) as LoadResult & Record<string, number>;
  const wrong = Object.entries(errors).filter(([, count]) => count > 0);
  if (wrong.length > 0) {
    const list = wrong.map(([kind, count]) => `${kind} ${count}`).join(', ');
    throw new Error(`wrong answers from ${new URL(url).origin}: ${list} of ${requests} requests (status: 4xx or 5xx)`);
  }
  if (requests === 0) throw new Error(`no answers from ${new URL(url).origin}`);
  return [{ requests, bytes, microseconds }, ...more];
}
