/** What a thread asks the main thread, and waits for. */
import type { FromThread, Question, ToThread } from './messages.ts';

export class Questions {
  readonly #tell: (message: FromThread) => void;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(tell: (message: FromThread) => void) {
    this.#tell = tell;
  }

  /** Rejects with what the main thread says went wrong. */
  ask(about: Question): Promise<unknown> {
    const question = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#open.set(question, answer);
    this.#tell({ type: 'question', question, about });
    return answer.promise;
  }

  answered({ question, value, error }: Extract<ToThread, { type: 'answer' }>): void {
    const open = this.#open.get(question);
    this.#open.delete(question);
    if (error === undefined) open?.resolve(value);
    else open?.reject(new Error(error));
  }
}
