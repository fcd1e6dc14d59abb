/** The options of the log, which every process has. */
import { choice, section } from '../platform/config/schema.ts';

export const logOptions = section('The log: one JSON object a line, on standard error.', {
  level: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'Least severe messages that are logged.',
  }),
});
