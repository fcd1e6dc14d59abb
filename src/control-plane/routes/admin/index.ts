/** The operations of the admin API, by resource. */
import type { Operations } from '../../rest/operation.ts';

export const adminOperations: Operations = {};
