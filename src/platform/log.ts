/** Structured logs, one JSON object a line on standard error; standard output is for what a command says to its user. */
import { destination, type Logger, pino } from 'pino';

export type Log = Logger;

export type EventLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The part of a log that most code needs: what happened, as fields and a sentence. */
export type EventLog = Readonly<Record<EventLogLevel, (fields: object, message: string) => void>>;

export interface LogOptions {
  /** `gateway`, `management`, …: part of every line. */
  readonly name: string;
  /** trace, debug, info, warn, error, fatal or silent. */
  readonly level: string;
}

/** Field names whose values are never written, wherever they stand in a logged object. */
const secret = ['authorization', 'password', 'client_secret', 'token', 'access_token', 'refresh_token', 'assertion'];

/** Characters of lines that could not be written and wait for the next; lines beyond are dropped. */
const maxWaiting = 1_048_576;

export function createLog(options: LogOptions): Log {
  const to = destination({ dest: 2, sync: true, maxLength: maxWaiting });
  // A log that can't be written, to a full disk or a terminal that has gone, is no reason to end what is logged.
  to.on('error', () => undefined);
  const settings = {
    name: options.name,
    level: options.level,
    redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]), censor: '[hidden]' },
    base: { pid: process.pid },
  };
  return pino(settings, to);
}

/** For tests and for parts that were given none. */
export const silentLog: Log = pino({ level: 'silent' });
