/** The database can be read and not be written: its disk is full, or fails. */
import { RestError } from '../../platform/rest-error.ts';

export class StoreNotWritable extends RestError {
  override name = 'StoreNotWritable';

  /**
   * @param why public: the last words of "The store can not be written: …"
   * @param cause what the database said
   */
  constructor(why: string, cause: Error) {
    super(503, `The store can not be written: ${why}. Nothing was changed.`, [], { 'retry-after': '10' });
    this.cause = cause;
  }
}
