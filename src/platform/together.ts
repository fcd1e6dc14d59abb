/** Has what is asked for in one moment done at once, where that costs less than one after the other. */

interface Waiting<In, Out> {
  readonly one: In;
  readonly resolve: (result: Out) => void;
  readonly reject: (error: unknown) => void;
}

export interface TogetherOptions {
  /** Milliseconds for which the first waits for others. Default 0: only for those that are there already. */
  readonly windowMs?: number;
  /** At once. Default 256. */
  readonly most?: number;
}

/**
 * @param work is called again when it is done with those before; gives a result for each, in their order. If it rejects, so do all.
 */
export function together<In, Out>(
  work: (all: readonly In[]) => Promise<readonly Out[]>,
  { windowMs = 0, most = 256 }: TogetherOptions = {},
): (one: In) => Promise<Out> {
  const waiting: Waiting<In, Out>[] = [];
  let running = false;

  const begin = () => {
    running = true;
    if (windowMs > 0) setTimeout(() => void flush(), windowMs);
    else setImmediate(() => void flush());
  };
  const flush = async () => {
    const batch = waiting.splice(0, most);
    try {
      const results = await work(batch.map(({ one }) => one));
      batch.forEach(({ resolve }, at) => {
        resolve(results[at] as Out);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    running = false;
    if (waiting.length > 0) begin();
  };
  return (one) =>
    new Promise((resolve, reject) => {
      waiting.push({ one, resolve, reject });
      if (!running) begin();
    });
}
