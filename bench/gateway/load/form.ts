/** Load by wrk on an endpoint that takes forms. */
import { type LoadResult, wrk } from './wrk.ts';

export interface FormLoad {
  readonly url: string;
  /** The value of the field `Authorization`. */
  readonly authorization: string;
  /** The body. `@` is another number in each request, `$` a line of `lines`. */
  readonly form: string;
  /** A file of which each request takes a line; the load ends with it. */
  readonly lines?: string;
  readonly seconds: number;
  /** Default 64. */
  readonly connections?: number;
}

/** @throws Error if an answer is 4xx or 5xx, or a connection fails */
export async function formLoad({ url, authorization, form, lines, ...how }: FormLoad): Promise<LoadResult> {
  const [result] = await wrk({
    url,
    seconds: how.seconds,
    connections: how.connections ?? 64,
    headers: [`Authorization: ${authorization}`],
    script: new URL('./form.lua', import.meta.url).pathname,
    env: { BENCH_FORM: form, ...(lines !== undefined && { BENCH_LINES: lines }) },
  });
  return result;
}
