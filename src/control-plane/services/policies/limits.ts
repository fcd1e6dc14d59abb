/** Limits as the REST APIs write them, to and fro. */
import { type Limit, longestWindow, type TimeUnit, timeUnits } from '../../../core/policy.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ThrottleLimit } from '../../rest/definitions/admin.ts';

/** What stands for "as many as you like" in the original's policies: the most that its counters hold. */
const asMany = 2_147_483_647;
/** More can't be counted exactly. */
const highestCount = 2 ** 30 - 1;

/**
 * @param place of the limit in the body, for the error
 * @returns null = no limit
 * @throws RestError 400
 */
export function readLimit(given: ThrottleLimit, place: string): Limit | null {
  if (given.type === 'BANDWIDTHLIMIT') {
    throw new RestError(400, `${place}: limits on bandwidth are not built yet; expected the type REQUESTCOUNTLIMIT.`);
  }
  const { requestCount, bandwidth } = given;
  if (!requestCount || bandwidth)
    throw new RestError(400, `${place}: expected the field "requestCount", and no other.`);
  const { requestCount: count, timeUnit, unitTime } = requestCount;
  if (count === asMany) return null;
  return { count: readCount(count, `${place}/requestCount/requestCount`), ...readWindow(unitTime, timeUnit, place) };
}

/** A count within one unit of time. @throws RestError 400 */
export function readBurst(count: number, timeUnit: string | undefined): Limit {
  return { count: readCount(count, 'body/rateLimitCount'), ...readWindow(1, timeUnit ?? '', 'body/rateLimitTimeUnit') };
}

export function writeLimit(limit: Limit | null): ThrottleLimit {
  const { count, windowMs } = limit ?? { count: asMany, windowMs: timeUnits.min };
  const timeUnit = unitOf(limit);
  return {
    type: 'REQUESTCOUNTLIMIT',
    requestCount: { timeUnit, unitTime: windowMs / timeUnits[timeUnit], requestCount: count },
  };
}

/** The unit that a limit was given in, or the largest that its window is a multiple of. */
export function unitOf(limit: Limit | null): TimeUnit {
  if (!limit) return 'min';
  const units = Object.keys(timeUnits) as TimeUnit[];
  return limit.unit ?? units.findLast((unit) => limit.windowMs % timeUnits[unit] === 0) ?? 'sec';
}

function readCount(count: number, place: string): number {
  if (Number.isInteger(count) && count > 0 && count <= highestCount) return count;
  throw new RestError(400, `${place}: expected a number from 1 to ${highestCount}, or ${asMany} for no limit.`);
}

function readWindow(unitTime: number, timeUnit: string, place: string): Pick<Limit, 'windowMs' | 'unit'> {
  const unit = (Object.keys(timeUnits) as TimeUnit[]).find((one) => one === timeUnit.toLowerCase());
  if (!unit) {
    throw new RestError(
      400,
      `${place}: unknown unit of time ${JSON.stringify(timeUnit)}; expected ${Object.keys(timeUnits).join(', ')}.`,
    );
  }
  const windowMs = unitTime * timeUnits[unit];
  if (!(unitTime >= 1 && windowMs <= longestWindow)) {
    throw new RestError(400, `${place}: expected a unitTime from 1 on, and two years at most.`);
  }
  return { windowMs, unit };
}
