/** The log of a thread. The main thread writes its lines: one process, one stream, and one logger loaded. */
import type { EventLog, EventLogLevel } from '../../platform/log.ts';

/** One line for the main thread's log. An Error among the fields crosses threads with its stack. */
export interface LogLine {
  readonly level: EventLogLevel;
  readonly fields: object;
  readonly message: string;
}

export function threadLog(tell: (line: LogLine) => void): EventLog {
  const at =
    (level: EventLogLevel) =>
    (fields: object, message: string): void =>
      tell({ level, fields, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
