/** The conditions under which requests have a limit of their own, compiled when their policy arrives. */
import { addressRange, comparableAddress } from '../../core/ip-address.ts';
import { parsePattern } from '../../core/pattern.ts';
import type { Condition, ConditionalGroup, Limit } from '../../core/policy.ts';
import type { Exchange } from '../exchange.ts';
import { claimsOf } from './token-claims.ts';

export interface CompiledGroup {
  readonly limit: Limit;
  /** Whether the request fits all the conditions. */
  readonly fits: (x: Exchange) => boolean;
}

/**
 * So many characters of a value count, so that nobody makes a request costly by a long one. It must not fit nothing
 * either: whoever is in a strict group could leave it by making a value longer.
 */
const longestValue = 2048;

/** @throws PatternError, AddressError when a condition can't be used */
export function compileGroup({ conditions, limit }: ConditionalGroup): CompiledGroup {
  const tests = conditions.map(compile);
  return { limit, fits: (x) => tests.every((fits) => fits(x)) };
}

function compile(condition: Condition): (x: Exchange) => boolean {
  const fits = fitting(condition);
  return condition.invert ? (x) => !fits(x) : fits;
}

function fitting(condition: Condition): (x: Exchange) => boolean {
  if (condition.type === 'ip') {
    const contains = addressRange(condition.first, condition.last);
    return (x) => {
      const address = comparableAddress(x.clientAddress);
      return address !== null && contains(address);
    };
  }
  const { type, name } = condition;
  const pattern = parsePattern(condition.pattern);
  const matches = (value: string): boolean => pattern.isFoundIn(value.slice(0, longestValue));
  switch (type) {
    case 'header':
      return (x) => {
        const value = x.wire.header(name);
        return value !== undefined && matches(value);
      };
    case 'query':
      return (x) => queryOf(x.wire.target).getAll(name).some(matches);
    case 'claim':
      return (x) => x.principal !== null && textsOf(claimsOf(x.principal)[name]).some(matches);
  }
}

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : target.slice(at + 1));
}

/** What a claim says, in words: one, or each of a list. */
function textsOf(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.flatMap(textsOf);
  return typeof claim === 'string' || typeof claim === 'number' || typeof claim === 'boolean' ? [String(claim)] : [];
}
