/** Lists in pages, in the form of the REST APIs. */
import type { RestCall } from './operation.ts';

export interface Range {
  readonly offset: number;
  readonly limit: number;
}

/** Entries of a page when nothing is said, and at most. */
const usual = 25;
const most = 1000;
/** Nobody has so many; no database counts much further. */
const farthest = 1_000_000_000;

/** What part of a list is asked for. */
export function rangeOf(call: RestCall): Range {
  const { limit, offset } = call.request.query as { limit?: number; offset?: number };
  return { offset: Math.min(farthest, Math.max(0, offset ?? 0)), limit: Math.min(most, Math.max(0, limit ?? usual)) };
}

/** @param total entries that there are in all */
export function page<T>(call: RestCall, list: readonly T[], total: number) {
  const { offset, limit } = rangeOf(call);
  const at = (from: number): string => {
    const url = new URL(call.request.url, 'http://unused');
    url.searchParams.set('limit', String(limit));
    url.searchParams.set('offset', String(from));
    return `${url.pathname.replace(/^\/api\/am\/[^/]+\/[^/]+/, '')}${url.search}`;
  };
  return {
    count: list.length,
    list,
    pagination: {
      offset,
      limit,
      total,
      next: limit > 0 && offset + limit < total ? at(offset + limit) : '',
      previous: limit > 0 && offset > 0 ? at(Math.max(0, offset - limit)) : '',
    },
  };
}

/** A page of a list that is in memory as a whole. */
export function pageOf<T>(call: RestCall, all: readonly T[]) {
  const { offset, limit } = rangeOf(call);
  return page(call, all.slice(offset, offset + limit), all.length);
}
