/** Load by wrk on an endpoint that takes forms. */
import { type LoadResult, wrk } from './wrk.ts';

export interface FormLoad {
  readonly url: string;
  /** The value of the field `Authorization`. */
  readonly authorization: string;
  /** The body. `@` is another number in each request. */
  readonly form: string;
  readonly seconds: number;
  /** Default 64. */
  readonly connections?: number;
}

/** @throws Error if an answer is 4xx or 5xx, or a connection fails */
export async function formLoad({ url, authorization, form, ...how }: FormLoad): Promise<LoadResult> {
  const [result] = await wrk({
    url,
    seconds: how.seconds,
    connections: how.connections ?? 64,
    headers: [`Authorization: ${authorization}`],
    script: new URL('./form.lua', import.meta.url).pathname,
    env: { BENCH_FORM: form },
  });
  return result;
}
