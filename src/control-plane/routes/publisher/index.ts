/** The operations of the publisher API, by resource. */
import type { Operations } from '../../rest/operation.ts';

export const publisherOperations: Operations = {};
