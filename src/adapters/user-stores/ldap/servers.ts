/** Servers that have the same users: the first one that answers is asked. Connections of the one who searches are kept. */
import type { Client } from 'ldapts';
import type { Clock } from '../../../platform/clock.ts';
import type { EventLog } from '../../../platform/log.ts';
import { bounded } from '../bounded.ts';
import { UserStoreUnavailableError } from '../user-store.ts';
import { type Connection, openConnection, type ServerOptions } from './connection.ts';
import { isAnswer, resultCode } from './result-code.ts';

export interface ServersOptions extends ServerOptions {
  /** Name of the user store. */
  readonly store: string;
  readonly urls: readonly string[];
  /** Who searches; '' = nobody. */
  readonly bindDn: string;
  readonly bindPassword: string;
  /** At the same time at most. */
  readonly connections: number;
}

/** Milliseconds that a server which did not answer is asked last. */
const restMs = 10_000;

/** Milliseconds after which a connection that nobody used is closed rather than used. */
const idleMs = 30_000;

export class LdapServers {
  readonly #options: ServersOptions;
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #inTurn: ReturnType<typeof bounded>;
  readonly #idle: { readonly connection: Connection; readonly url: string; readonly since: number }[] = [];
  /** When each of them did not answer. */
  readonly #failedAt = new Map<string, number>();
  #closed = false;

  constructor(options: ServersOptions, clock: Clock, log: EventLog) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    const patience = options.connectTimeout + options.timeout;
    this.#inTurn = bounded({ running: options.connections, waiting: 256, patience }, clock);
  }

  /** Asks as the one who searches. @throws UserStoreUnavailableError, UserStoreBusyError */
  ask<T>(question: (client: Client) => Promise<T>, gone?: () => boolean): Promise<T> {
    return this.#inTurn(async () => {
      for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
        if (!kept.connection.isOpen() || this.#clock.now() - kept.since > idleMs) {
          kept.connection.close();
          continue;
        }
        try {
          return await this.#use(kept.connection, kept.url, question);
        } catch (error) {
          // The server has closed it meanwhile, perhaps; a new one will tell.
          if (isAnswer(error)) throw error;
        }
      }
      return this.#ofServers(async (url) => {
        const connection = await openConnection(url, this.#options);
        const { bindDn, bindPassword } = this.#options;
        try {
          if (bindDn !== '') await connection.client.bind(bindDn, bindPassword);
        } catch (error) {
          connection.close();
          throw error;
        }
        return this.#use(connection, url, question);
      });
    }, gone);
  }

  /** Whether this is the password of the entry. @throws as `ask` */
  matches(dn: string, password: string, gone?: () => boolean): Promise<boolean> {
    // To bind without one is to be nobody, which every server allows (RFC 4513 section 5.1.2).
    if (password === '') return Promise.resolve(false);
    return this.#inTurn(
      () =>
        this.#ofServers(async (url) => {
          const connection = await openConnection(url, this.#options);
          try {
            await connection.client.bind(dn, password);
            return true;
          } catch (error) {
            if (isAnswer(error)) return false;
            throw error;
          } finally {
            connection.close();
          }
        }),
      gone,
    );
  }

  close(): void {
    this.#closed = true;
    for (const { connection } of this.#idle.splice(0)) connection.close();
  }

  async #use<T>(connection: Connection, url: string, question: (client: Client) => Promise<T>): Promise<T> {
    try {
      const answer = await question(connection.client);
      this.#keep(connection, url);
      return answer;
    } catch (error) {
      if (isAnswer(error)) this.#keep(connection, url);
      else connection.close();
      throw error;
    }
  }

  #keep(connection: Connection, url: string): void {
    if (this.#closed || !connection.isOpen()) connection.close();
    else this.#idle.push({ connection, url, since: this.#clock.now() });
  }

  async #ofServers<T>(ask: (url: string) => Promise<T>): Promise<T> {
    const { store, urls } = this.#options;
    let cause: unknown;
    const isResting = (url: string): boolean => this.#clock.now() - (this.#failedAt.get(url) ?? -restMs) < restMs;
    for (const url of urls.toSorted((a, b) => Number(isResting(a)) - Number(isResting(b)))) {
      try {
        const answer = await ask(url);
        if (this.#failedAt.delete(url)) this.#log.info({ store, url }, 'a server of a user store answers again');
        return answer;
      } catch (error) {
        cause = error;
        if (!this.#failedAt.has(url)) {
          this.#log.warn({ store, url, reason: reasonOf(error) }, 'a server of a user store can not be asked');
        }
        this.#failedAt.set(url, this.#clock.now());
      }
    }
    throw new UserStoreUnavailableError(store, { cause });
  }
}

function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  const code = resultCode(error);
  // A server's own words may repeat what it was told.
  return code === null ? message : `${name} (${code})`;
}
