/** Does the gateway know what was decided lately? An API that is `closed` is not served on old knowledge. */
import { fault, faults } from '../../core/faults.ts';
import type { StageFactory } from '../stage.ts';

/** Never 401: whoever throws a good token away because of this has to log in again. */
const outOfTouch = fault(faults.outOfTouch, undefined, [['retry-after', '1']]);

export const checkFreshness: StageFactory = (_resource, { api }, { freshness, options }) => {
  const { maxStaleness, whenStale } = options.gateway;
  if (freshness === null || (api.whenStale ?? whenStale) === 'open') return null;
  return () => (freshness.age() > maxStaleness ? outOfTouch : undefined);
};
