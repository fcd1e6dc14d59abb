/** `x-postern-when-stale`: whether an API is served when the gateway has not heard for too long what was decided. */
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import type { WhenStale } from '../core/api.ts';
import { pointer } from '../platform/yaml-source.ts';
import type { Raw } from './fields.ts';

const name = 'x-postern-when-stale';

/** @returns undefined = as the gateway's options say */
export function readWhenStale(api: Raw, problems: ProblemList): WhenStale | undefined {
  for (const other of Object.keys(api)) {
    // One that is misspelt would leave the API open.
    if (!/^x[-_]?postern/i.test(other) || other === name) continue;
    problems.error(pointer(other), `there is no '${other}'`, `write ${name}, or remove it`);
  }
  const value = api[name];
  if (value === undefined || value === 'open' || value === 'closed') return value;
  problems.error(pointer(name), `'${name}' is neither open nor closed`, 'write one of them');
  return undefined;
}
