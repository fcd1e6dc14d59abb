/**
 * The data-plane threads as the main thread sees them: started, told of changes, watched, replaced when they die or
 * fall silent, drained at the end.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { CertificateAndKey } from '../../platform/certificates.ts';
import type { Log } from '../../platform/log.ts';
import { checkPortFree, portError, supportsReusePort } from '../../platform/ports.ts';
import type { ServerTls } from '../../wire/wire.ts';
import type { FromThread, Ports, Question, ThreadChange, ThreadData, ToThread } from '../data-plane/messages.ts';
import { type ApiCounts, withoutTunnels } from '../record/request-metrics.ts';
import { firstPulseWord } from '../shared-state.ts';
import { Outbox } from './outbox.ts';

/** Milliseconds without a pulse after which a thread is given up. */
const silence = 2000;
const watchInterval = 500;
/** Milliseconds that a thread is given to start. */
const startLimit = 30_000;
/** Milliseconds before a thread that died at once is started again; doubled up to the maximum. */
const minBackoff = 50;
const maxBackoff = 5000;
/** Milliseconds to wait for a thread's counts. */
const collectLimit = 1000;

export interface DataPlaneOptions {
  /** Everything that is the same for all threads. */
  readonly common: Omit<ThreadData, 'slot' | 'reusePort' | 'changes' | 'ports'>;
  readonly threads: number;
  readonly ports: Ports;
  /** What a thread that starts now has to know. */
  readonly changes: () => readonly ThreadChange[];
  /** Finds out what threads ask. Changes that it publishes get to them before the answer. */
  readonly answer: (question: Question) => Promise<unknown>;
  readonly log: Log;
  /** The file that threads run. Default: data-plane/thread. */
  readonly entry?: URL;
}

interface Slot {
  readonly number: number;
  worker: Worker | null;
  outbox: Outbox | null;
  pulse: number;
  heard: number;
  startedAt: number;
  listening: boolean;
  backoff: number;
}

const defaultEntry = new URL(
  import.meta.url.endsWith('.ts') ? '../data-plane/thread.ts' : '../data-plane/thread.js',
  import.meta.url,
);

/** How many threads to run: as asked for; one where several can't share a port. */
export function threadCount(asked: number): number {
  return supportsReusePort() ? asked || availableParallelism() : 1;
}

/**
 * V8 stops a thread while it collects what is new, the longer the more of it is still in use: beside a flood of new tokens
 * 15 ms with the 16 MB that are its default. This is three times the part that is filled before it collects.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

export class DataPlane {
  #options: DataPlaneOptions;
  readonly #slots: Slot[] = [];
  readonly #control: Int32Array;
  readonly #collecting = new Map<number, (slot: number, counts: ApiCounts[]) => void>();
  /** Counts of threads that are gone, so that no total ever falls. */
  readonly #retired: ApiCounts[][] = [];
  readonly #lastCounts = new Map<number, ApiCounts[]>();
  #ports: DataPlaneOptions['ports'];
  #requests = 0;
  #watch: NodeJS.Timeout | null = null;
  #draining = false;
  /** Threads that were replaced since the start. */
  replaced = 0;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#ports = options.ports;
    this.#control = new Int32Array(options.common.shared.control);
  }

  get ports(): DataPlaneOptions['ports'] {
    return this.#ports;
  }

  get threads(): number {
    return this.#slots.filter((slot) => slot.listening).length;
  }

  /** Resolves when every thread listens. @throws ListenError, or what else keeps a thread from listening */
  async start(): Promise<void> {
    const { host } = this.#options.common.options.gateway;
    // Threads that share a port don't notice that somebody else has it too, so it is tried without sharing first.
    await checkPortFree(host, this.#ports.http, 'gateway.httpPort');
    await checkPortFree(host, this.#ports.https, 'gateway.httpsPort');
    if (this.#ports.token !== null) await checkPortFree(host, this.#ports.token, 'listenerConfig.tokenListenerPort');
    // The first thread settles the ports, if they were left open.
    this.#ports = await this.#startThread(this.#addSlot());
    const others: Promise<unknown>[] = [];
    while (this.#slots.length < this.#options.threads) others.push(this.#startThread(this.#addSlot()));
    await Promise.all(others);
    this.#watch = setInterval(() => this.#checkPulses(), watchInterval);
  }

  publish(changes: readonly ThreadChange[]): void {
    for (const { outbox } of this.#slots) outbox?.tell(changes);
  }

  /** Resolves when the threads have applied everything that was published. */
  async settled(): Promise<void> {
    await Promise.all(this.#slots.flatMap(({ outbox }) => outbox?.settled() ?? []));
  }

  /** Has threads show this client certificate to the key manager, those that start later too. */
  present(certificate: CertificateAndKey): void {
    this.#change({ clientCertificate: certificate }, { type: 'certificate', certificate });
  }

  /** Has threads shake hands with clients by these from now on. */
  useTls(tls: ServerTls): void {
    this.#change({ tls }, { type: 'tls', tls });
  }

  /** Threads that start later begin with it. */
  #change(what: Partial<DataPlaneOptions['common']>, message: ToThread): void {
    this.#options = { ...this.#options, common: { ...this.#options.common, ...what } };
    for (const { worker } of this.#slots) worker?.postMessage(message);
  }

  /** The counts of all threads, also of those that are gone. */
  async collect(): Promise<ApiCounts[]> {
    const request = ++this.#requests;
    const running = this.#slots.filter((slot) => slot.listening);
    await new Promise<void>((resolve) => {
      const waiting = new Set(running.map((slot) => slot.number));
      if (waiting.size === 0) return resolve();
      const limit = setTimeout(() => finish(), collectLimit);
      const finish = (): void => {
        clearTimeout(limit);
        this.#collecting.delete(request);
        resolve();
      };
      this.#collecting.set(request, (slot, counts) => {
        this.#lastCounts.set(slot, counts);
        waiting.delete(slot);
        if (waiting.size === 0) finish();
      });
      for (const slot of running) slot.worker?.postMessage({ type: 'collect', request } satisfies ToThread);
    });
    return [...this.#retired, ...this.#lastCounts.values()].flat();
  }

  /** Lets requests in flight finish, then ends the threads. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#watch) clearInterval(this.#watch);
    const limit = this.#options.common.options.gateway.drainTimeout + 1000;
    await Promise.all(
      this.#slots.map(async ({ worker }) => {
        if (!worker) return;
        const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
        worker.postMessage({ type: 'drain' } satisfies ToThread);
        const timer = setTimeout(() => void worker.terminate(), limit);
        await exited;
        clearTimeout(timer);
      }),
    );
  }

  #addSlot(): Slot {
    const slot: Slot = {
      number: this.#slots.length,
      worker: null,
      outbox: null,
      pulse: 0,
      heard: 0,
      startedAt: 0,
      listening: false,
      backoff: minBackoff,
    };
    this.#slots.push(slot);
    return slot;
  }

  /** Resolves with the ports once the thread listens. */
  #startThread(slot: Slot): Promise<DataPlaneOptions['ports']> {
    const { common, threads, changes, log } = this.#options;
    const workerData: ThreadData = {
      ...common,
      slot: slot.number,
      ports: this.#ports,
      reusePort: threads > 1,
      changes: changes(),
    };
    const entry = this.#options.entry ?? defaultEntry;
    const worker = new Worker(entry, { workerData, name: `data-plane-${slot.number}`, resourceLimits });
    const outbox = new Outbox((message) => worker.postMessage(message));
    slot.worker = worker;
    slot.outbox = outbox;
    slot.listening = false;
    slot.startedAt = performance.now();
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        switch (message.type) {
          case 'listening':
            slot.listening = true;
            slot.heard = performance.now();
            return resolve(message.ports);
          case 'failed':
            return reject(this.#listenError(message));
          case 'log':
            return log[message.line.level]({ ...message.line.fields, thread: slot.number }, message.line.message);
          case 'question':
            return void this.#answer(outbox, message);
          case 'applied':
            return outbox.applied();
          case 'counts':
            return this.#collecting.get(message.request)?.(slot.number, message.counts);
        }
      });
      worker.on('error', (error) => {
        log.error({ err: error, thread: slot.number }, 'a data-plane thread failed');
        reject(error);
      });
      worker.on('exit', (code) => {
        outbox.close();
        if (slot.worker === worker) this.#lost(slot, code);
        reject(new Error(`data-plane thread ${slot.number} ended with code ${code}`));
      });
    });
  }

  async #answer(outbox: Outbox, { question, about }: Extract<FromThread, { type: 'question' }>): Promise<void> {
    const reply = (outcome: { value: unknown; error?: string }): void =>
      outbox.answer({ type: 'answer', question, ...outcome });
    try {
      reply({ value: await this.#options.answer(about) });
    } catch (error) {
      reply({ value: null, error: (error as Error).message });
    }
  }

  #listenError({ code, message, port }: Extract<FromThread, { type: 'failed' }>): Error {
    const { https, token } = this.#ports;
    const option =
      port === https ? 'gateway.httpsPort' : port === token ? 'listenerConfig.tokenListenerPort' : 'gateway.httpPort';
    return portError(
      Object.assign(new Error(message), { code }),
      this.#options.common.options.gateway.host,
      port,
      option,
    );
  }

  /** A thread has ended. Its connections are gone; a new one takes its place. */
  #lost(slot: Slot, code: number): void {
    const neverListened = !slot.listening;
    slot.worker = null;
    slot.listening = false;
    const counts = this.#lastCounts.get(slot.number);
    if (counts) this.#retired.push(counts.map(withoutTunnels));
    this.#lastCounts.delete(slot.number);
    // Before the watch runs, the start as a whole fails instead.
    if (this.#draining || !this.#watch) return;
    const lived = performance.now() - slot.startedAt;
    slot.backoff = neverListened || lived < maxBackoff ? Math.min(slot.backoff * 2, maxBackoff) : minBackoff;
    this.replaced++;
    this.#options.log.error({ thread: slot.number, code, againIn: slot.backoff }, 'a data-plane thread is replaced');
    this.#startLater(slot);
  }

  #startLater(slot: Slot): void {
    setTimeout(() => {
      if (this.#draining) return;
      try {
        this.#startThread(slot).catch(() => undefined);
      } catch (error) {
        // The system has no room for a thread, for one. The others serve; it is tried until there is.
        slot.backoff = Math.min(slot.backoff * 2, maxBackoff);
        this.#options.log.error({ err: error, thread: slot.number }, 'a data-plane thread can not be started');
        this.#startLater(slot);
      }
    }, slot.backoff);
  }

  #checkPulses(): void {
    const now = performance.now();
    for (const slot of this.#slots) {
      if (!slot.worker) continue;
      const pulse = Atomics.load(this.#control, firstPulseWord + slot.number);
      if (pulse !== slot.pulse) {
        slot.pulse = pulse;
        slot.heard = now;
      }
      const limit = slot.listening ? silence : startLimit;
      if (now - Math.max(slot.heard, slot.startedAt) > limit) {
        this.#options.log.error({ thread: slot.number }, 'a data-plane thread is silent and is ended');
        slot.startedAt = now;
        void slot.worker.terminate();
      }
    }
  }
}
