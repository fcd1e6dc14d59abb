/** The operations of the developer portal API, by resource. */
import type { Operations } from '../../rest/operation.ts';

export const developerPortalOperations: Operations = {};
