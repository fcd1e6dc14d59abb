/** Load by wrk on an endpoint that takes forms. */
import { type LoadResult, wrk } from './wrk.ts';

export interface FormLoad {
  readonly url: string;
  /** The value of the field `Authorization`. */
  readonly authorization: string;
  /** The body. `@` is another number in each request. */
  readonly form: string;
  /** `TOKEN` in the body is another one in each request. */
  readonly chain?: Chain;
  readonly seconds: number;
  /** Default 64. */
  readonly connections?: number;
}

/** Where the tokens come from: answers have the next ones. */
export interface Chain {
  /** The field of an answer that has one, in JSON. */
  readonly field: string;
  /** Of those to begin with; without it `first` asks for one whenever none is there. */
  readonly file?: { readonly path: string; readonly skip: number; readonly take: number };
  readonly first?: { readonly path: string; readonly form: string };
}

/** @throws Error if an answer is 4xx or 5xx, or a connection fails */
export async function formLoad({ url, authorization, form, chain, ...how }: FormLoad): Promise<LoadResult> {
  const script = chain === undefined ? './form.lua' : './chain.lua';
  const [result] = await wrk({
    url,
    seconds: how.seconds,
    connections: how.connections ?? 64,
    headers: [`Authorization: ${authorization}`],
    script: new URL(script, import.meta.url).pathname,
    env: { BENCH_FORM: form, ...(chain && chainVariables(chain)) },
  });
  return result;
}

const chainVariables = ({ field, file, first }: Chain): Record<string, string> => ({
  BENCH_FIELD: field,
  ...(file && { BENCH_TOKENS: file.path, BENCH_SKIP: String(file.skip), BENCH_TAKE: String(file.take) }),
  ...(first && { BENCH_FIRST_PATH: first.path, BENCH_FIRST: first.form }),
});
