/** The database can't be asked at the moment. Whoever called may try again. */
import { RestError } from '../../platform/rest-error.ts';

export class StoreUnavailable extends RestError {
  override name = 'StoreUnavailable';
  /** By the store itself, when it begins and when it is over. */
  override readonly isLogged = true;

  /** @param cause what the database, or the way to it, said */
  constructor(cause: Error) {
    super(503, 'The store can not be reached at the moment; try again in a few seconds.', [], { 'retry-after': '2' });
    this.cause = cause;
  }
}

/** What went wrong, in words. `AggregateError`s of sockets have no message of their own. */
export function describe(error: unknown): string {
  if (error instanceof StoreUnavailable) return describe(error.cause);
  if (error instanceof AggregateError) return error.errors.map((one: Error) => one.message).join('; ');
  return (error as Error).message;
}
