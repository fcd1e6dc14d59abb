/** The database can't be asked at the moment. Whoever called may try again. */
import { RestError } from '../../platform/rest-error.ts';

export class StoreUnavailable extends RestError {
  override name = 'StoreUnavailable';

  /** @param cause what the database, or the way to it, said */
  constructor(cause: Error) {
    super(503, 'The store can not be reached at the moment; try again in a few seconds.', [], { 'retry-after': '2' });
    this.cause = cause;
  }
}
