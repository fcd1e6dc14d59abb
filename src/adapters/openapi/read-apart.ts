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
  /** Definitions that wait for their turn, of all users. Default 50. */
  readonly waiting?: number;
  /** The same of one user. Default 10. */
  readonly waitingOfUser?: number;
  /** Milliseconds that one waits for its turn at most. Default 20000. */
  readonly patience?: number;
}

/** There is no turn for a definition in reasonable time; nothing is said of the definition. */
export class TooManyDefinitionsError extends Error {
  override name = 'TooManyDefinitionsError';
  /** Seconds. */
  readonly retryAfter = 5;
}

/** Milliseconds until a new thread is ready, on a busy machine too. */
const startTime = 30_000;

interface Waiting extends Question {
  readonly begin: (answer: Promise<ReadApart>) => void;
}

/** One after the other, the users by turns: who has many definitions read keeps nobody else waiting for all of them. */
export class DefinitionReader {
  readonly #limits: Required<ReadingLimits>;
  /** Kept between definitions: what it loads takes longer than a usual definition. */
  #thread: Worker | null = null;
  #isReading = false;
  /** By user, who has the next turn first; none is empty. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor({ time = 5000, memory = 512, waiting = 50, waitingOfUser = 10, patience = 20_000 }: ReadingLimits = {}) {
    this.#limits = { time, memory, waiting, waitingOfUser, patience };
  }

  /**
   * As `readOpenApi`; a definition that takes too much has an error that says so.
   * @param user whose turn it is
   * @throws TooManyDefinitionsError when too many are waiting, or it has waited too long
   */
  read(text: string, file: string, user = ''): Promise<ReadApart> {
    const { waiting, waitingOfUser, patience } = this.#limits;
    const own = this.#waiting.get(user) ?? [];
    const all = [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
    const [count, limit, whose] = all >= waiting ? [all, waiting, ''] : [own.length, waitingOfUser, ' of yours'];
    if (count >= limit) {
      return Promise.reject(new TooManyDefinitionsError(`${count} definitions${whose} are waiting to be read already`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#remove(user, one);
        reject(new TooManyDefinitionsError('the definition has waited too long for its turn to be read'));
      }, patience);
      const begin = (answer: Promise<ReadApart>): void => {
        clearTimeout(timer);
        resolve(answer);
      };
      const one: Waiting = { text, file, begin };
      this.#waiting.set(user, [...own, one]);
      this.#readNext();
    });
  }

  #readNext(): void {
    const [next] = this.#waiting;
    if (this.#isReading || !next) return;
    const [user, [one, ...others]] = next;
    this.#waiting.delete(user);
    if (others.length > 0) this.#waiting.set(user, others);
    if (!one) return;
    this.#isReading = true;
    const answer = this.#ask({ text: one.text, file: one.file });
    one.begin(answer);
    const goOn = (): void => {
      this.#isReading = false;
      this.#readNext();
    };
    answer.then(goOn, goOn);
  }

  #remove(user: string, one: Waiting): void {
    const others = (this.#waiting.get(user) ?? []).filter((other) => other !== one);
    if (others.length > 0) this.#waiting.set(user, others);
    else this.#waiting.delete(user);
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
export const readOpenApiApart = (text: string, file: string, user: string): Promise<ReadApart> =>
  reader.read(text, file, user);

function refused(file: string, message: string, remedy: string): ReadApart {
  const problem: Problem = { severity: 'error', file, place: '', message, remedy };
  return { document: null, problems: [problem] };
}
