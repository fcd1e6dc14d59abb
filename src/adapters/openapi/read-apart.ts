/**
 * Reads definitions of strangers in a thread of its own, with a limit of time and memory: whatever a definition says, the
 * process that asks goes on with its other work.
 */
import { Worker } from 'node:worker_threads';
import type { Problem } from './openapi-document.ts';
import type { ReadOpenApi } from './read-open-api.ts';
import type { Question } from './reading-thread.ts';

export type ReadApart = Pick<ReadOpenApi, 'document' | 'problems'>;

export interface ReadingLimits {
  /** Milliseconds that one definition may take. Default 5000. */
  readonly time?: number;
  /** MiB of memory. Default 512. */
  readonly memory?: number;
  /** Definitions that wait for their turn. Default 50. */
  readonly waiting?: number;
}

/** Milliseconds until a new thread is ready, on a busy machine too. */
const startTime = 30_000;

/** One after the other; more of them wait. */
export class DefinitionReader {
  readonly #limits: Required<ReadingLimits>;
  /** Kept between definitions: what it loads takes longer than a usual definition. */
  #thread: Worker | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor({ time = 5000, memory = 512, waiting = 50 }: ReadingLimits = {}) {
    this.#limits = { time, memory, waiting };
  }

  /** As `readOpenApi`; a definition that takes too much, or for which there is no turn, has an error that says so. */
  async read(text: string, file: string): Promise<ReadApart> {
    if (this.#waiting >= this.#limits.waiting) {
      return refused(file, `${this.#waiting} definitions are waiting to be read already`, 'try again a little later');
    }
    this.#waiting++;
    const answer = this.#turn.then(() => this.#ask({ text, file }));
    this.#turn = answer.finally(() => this.#waiting--);
    return answer;
  }

  #ask(question: Question): Promise<ReadApart> {
    const isNew = this.#thread === null;
    const thread = (this.#thread ??= this.#start());
    // Only while it works does it keep the process from ending.
    thread.ref();
    return new Promise((resolve) => {
      const settle = (answer: ReadApart): void => {
        clearTimeout(timer);
        thread.off('message', take).off('error', giveUp).off('exit', giveUp).unref();
        resolve(answer);
      };
      const giveUp = (): void => {
        settle(refused(question.file, 'it is too large or too deep to be read in time', 'simplify or split it'));
        this.#thread = null;
        // It may fail a second time while it ends.
        thread.on('error', () => {});
        void thread.terminate();
      };
      const ask = (): NodeJS.Timeout => {
        thread.postMessage(question);
        return setTimeout(giveUp, this.#limits.time);
      };
      const take = (message: 'ready' | ReadApart): void => {
        if (message !== 'ready') return settle(message);
        clearTimeout(timer);
        timer = ask();
      };
      thread.on('message', take).on('error', giveUp).on('exit', giveUp);
      let timer = isNew ? setTimeout(giveUp, startTime) : ask();
    });
  }

  #start(): Worker {
    return new Worker(new URL('./reading-thread.ts', import.meta.url), {
      name: 'definitions',
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memory },
    });
  }
}

const reader = new DefinitionReader();

/** Of all who ask in this process, one after the other. */
export const readOpenApiApart = (text: string, file: string): Promise<ReadApart> => reader.read(text, file);

function refused(file: string, message: string, remedy: string): ReadApart {
  const problem: Problem = { severity: 'error', file, place: '', message, remedy };
  return { document: null, problems: [problem] };
}
