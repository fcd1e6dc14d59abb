/** The conditions of advanced policies as the admin API writes them, to and fro. */
import { AddressError, addressRange } from '../../../core/ip-address.ts';
import { PatternError, parsePattern } from '../../../core/pattern.ts';
import type { Condition, ConditionalGroup } from '../../../core/policy.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ConditionalGroup as GroupDto, ThrottleCondition } from '../../rest/definitions/admin.ts';
import { readLimit, writeLimit } from './limits.ts';

/** @throws RestError 400 */
export function readGroups(given: readonly GroupDto[]): ConditionalGroup[] {
  return given.map(({ description, conditions, limit }, at) => {
    const place = `body/conditionalGroups/${at}`;
    if (conditions.length === 0) throw new RestError(400, `${place}: expected at least one condition.`);
    const read = readLimit(limit, `${place}/limit`);
    if (!read) throw new RestError(400, `${place}/limit: a group without a limit has no effect.`);
    return {
      ...(description && { description }),
      conditions: conditions.map((one, number) => readCondition(one, `${place}/conditions/${number}`)),
      limit: read,
    };
  });
}

export function writeGroups(groups: readonly ConditionalGroup[]): GroupDto[] {
  return groups.map(({ description = '', conditions, limit }) => ({
    description,
    conditions: conditions.map(writeCondition),
    limit: writeLimit(limit),
  }));
}

function readCondition(given: ThrottleCondition, place: string): Condition {
  const { type, invertCondition, headerCondition, ipCondition, queryParameterCondition, jwtClaimsCondition } = given;
  const invert = invertCondition ? { invert: true as const } : {};
  switch (type) {
    case 'IPCONDITION': {
      const {
        ipConditionType = 'IPSPECIFIC',
        specificIP,
        startingIP,
        endingIP,
      } = needed(ipCondition, place, 'ipCondition');
      const isRange = ipConditionType === 'IPRANGE';
      const first = (isRange ? startingIP : specificIP) ?? '';
      const last = (isRange ? endingIP : specificIP) ?? '';
      return checked({ type: 'ip', first, last, ...invert }, `${place}/ipCondition`);
    }
    case 'HEADERCONDITION': {
      const { headerName, headerValue } = needed(headerCondition, place, 'headerCondition');
      const name = headerName.toLowerCase();
      return checked({ type: 'header', name, pattern: headerValue, ...invert }, `${place}/headerCondition`);
    }
    case 'QUERYPARAMETERCONDITION': {
      const { parameterName: name, parameterValue: pattern } = needed(
        queryParameterCondition,
        place,
        'queryParameterCondition',
      );
      return checked({ type: 'query', name, pattern, ...invert }, `${place}/queryParameterCondition`);
    }
    case 'JWTCLAIMSCONDITION': {
      const { claimUrl: name, attribute: pattern } = needed(jwtClaimsCondition, place, 'jwtClaimsCondition');
      return checked({ type: 'claim', name, pattern, ...invert }, `${place}/jwtClaimsCondition`);
    }
  }
}

function needed<T>(value: T | undefined, place: string, name: string): T {
  if (value === undefined) throw new RestError(400, `${place}: the field "${name}" is missing.`);
  return value;
}

/** What no gateway could use is refused here. */
function checked(condition: Condition, place: string): Condition {
  try {
    if (condition.type === 'ip') addressRange(condition.first, condition.last);
    else if (condition.name === '' || condition.pattern === '')
      throw new PatternError('name and value must not be empty');
    else parsePattern(condition.pattern);
    return condition;
  } catch (error) {
    if (error instanceof PatternError)
      throw new RestError(400, `${place}: this is no usable pattern: ${error.message}.`);
    if (error instanceof AddressError) throw new RestError(400, `${place}: ${error.message}.`);
    throw error;
  }
}

function writeCondition(condition: Condition): ThrottleCondition {
  const invertCondition = condition.invert === true;
  switch (condition.type) {
    case 'ip': {
      const { first, last } = condition;
      const ipCondition =
        first === last
          ? { ipConditionType: 'IPSPECIFIC' as const, specificIP: first }
          : { ipConditionType: 'IPRANGE' as const, specificIP: '', startingIP: first, endingIP: last };
      return { type: 'IPCONDITION', invertCondition, ipCondition };
    }
    case 'header': {
      const headerCondition = { headerName: condition.name, headerValue: condition.pattern };
      return { type: 'HEADERCONDITION', invertCondition, headerCondition };
    }
    case 'query': {
      const queryParameterCondition = { parameterName: condition.name, parameterValue: condition.pattern };
      return { type: 'QUERYPARAMETERCONDITION', invertCondition, queryParameterCondition };
    }
    case 'claim': {
      const jwtClaimsCondition = { claimUrl: condition.name, attribute: condition.pattern };
      return { type: 'JWTCLAIMSCONDITION', invertCondition, jwtClaimsCondition };
    }
  }
}
