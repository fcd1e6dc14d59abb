/** Histories that tests make up: one token, used and revoked, at gateways to which nothing happens unless it is said. */
import type { GatewayKind, History, RequestRecord, RevocationRecord } from './history.ts';

export const kinds: readonly GatewayKind[] = [
  { name: 'open', sources: 1, maxStaleness: null },
  { name: 'closed', sources: 1, maxStaleness: 4000 },
  { name: 'two', sources: 2, maxStaleness: null },
];

export function historyOf(more: Partial<History> = {}): History {
  return {
    gateways: kinds,
    tokens: [{ form: 'JWT', application: 0, asked: 0, got: 10 }],
    requests: [],
    revocations: [],
    presentations: [],
    lives: kinds.map((_kind, gateway) => ({ gateway, spawned: -2000, ready: -1000, died: null })),
    outages: [],
    faults: [],
    scarcity: [],
    restore: null,
    head: null,
    final: [],
    ...more,
  };
}

/** Answered 5 ms after it was sent. */
export function request(start: number, status: number, more: Partial<RequestRecord> = {}): RequestRecord {
  return { token: 0, gateway: 0, start, end: start + 5, status, code: status === 401 ? 900_901 : 0, ...more };
}

/** Of the token, sent 20 ms before it was answered. */
export function revocation(answered: number | null, more: Partial<RevocationRecord> = {}): RevocationRecord {
  return { by: 'token', tokens: [0], doubtful: [], start: (answered ?? 1000) - 20, answered, ...more };
}
