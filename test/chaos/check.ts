/** Reads a whole history and says what must not have been. */
import { Bounds } from './bounds.ts';
import { checkLogIns } from './check-log-ins.ts';
import type { History, RequestRecord, RevocationRecord } from './history.ts';

/** Milliseconds until a process has seen that its clock was set. */
const clockNoticed = 100;

export interface Violation {
  readonly rule:
    | 'accepted too late'
    | 'accepted again'
    | 'refused although good'
    | 'given twice'
    | 'revocation lost'
    | 'good token lost'
    | 'gateways disagree'
    | 'number skipped';
  readonly at: number;
  readonly what: string;
}

/** What the history says about one token. */
interface Fate {
  /** When its revocation was answered; Infinity = never. */
  readonly revoked: number;
  /** When the first thing began that may have revoked it; Infinity = nothing did. */
  readonly doubtful: number;
}

const alive: Fate = { revoked: Number.POSITIVE_INFINITY, doubtful: Number.POSITIVE_INFINITY };

/** In the order in which they happened. */
export function check(history: History): Violation[] {
  const violations: Violation[] = [];
  const fates = fatesOf(history);
  const bounds = new Bounds(history);
  const lasting = finalAnswers(history);
  for (const [key, requests] of byTokenAndGateway(history)) {
    const [token, gateway] = key.split(' ').map(Number) as [number, number];
    const fate = fates.get(token) ?? alive;
    const name = `token ${token} (${history.tokens[token]?.form}) at ${history.gateways[gateway]?.name}`;
    const add = (rule: Violation['rule'], { start }: RequestRecord, what: string) =>
      violations.push({ rule, at: start, what: `${name}: ${what}` });

    const bound = fate.revoked === Number.POSITIVE_INFINITY ? null : bounds.of(gateway, fate.revoked);
    const forgotten = isForgotten(history, fate);
    let refusedAt = Number.POSITIVE_INFINITY;
    for (const request of requests) {
      const after = (at: number) => `${(request.start - at).toFixed(0)} ms after`;
      const isLost = forgotten && request.end > (history.restore?.stopped ?? 0);
      if (isAccepted(request)) {
        if (request.start > refusedAt) {
          add('accepted again', request, `${request.status} ${after(refusedAt)} it had refused it as revoked`);
        } else if (bound && request.start > bound.until && !isLost && !isUnknown(history, token, request)) {
          add(
            'accepted too late',
            request,
            `${request.status} ${after(fate.revoked)} /revoke had answered (${bound.situation}: until ${(bound.until - fate.revoked).toFixed(0)} ms)`,
          );
        }
      } else if (isRefused(request)) {
        if (request.end < fate.doubtful && !isUnknown(history, token, request) && !isTooLate(history, request)) {
          add('refused although good', request, `${request.status}/${request.code}, and nobody had revoked it`);
        }
      }
      if (isRevokedAnswer(request)) refusedAt = Math.min(refusedAt, request.end);
    }
  }
  violations.push(...checkEnd(history, fates, lasting), ...checkNumbers(history), ...checkLogIns(history));
  return violations.toSorted((a, b) => a.at - b.at);
}

function fatesOf({ revocations }: History): Map<number, Fate> {
  const fates = new Map<number, Fate>();
  const meet = (token: number, { start, answered }: RevocationRecord, sure: boolean) => {
    const before = fates.get(token) ?? alive;
    fates.set(token, {
      revoked: Math.min(before.revoked, (sure ? answered : null) ?? Number.POSITIVE_INFINITY),
      doubtful: Math.min(before.doubtful, start),
    });
  };
  for (const revocation of revocations) {
    for (const token of revocation.tokens) meet(token, revocation, true);
    for (const token of revocation.doubtful) meet(token, revocation, false);
  }
  return fates;
}

function byTokenAndGateway({ requests }: History): Map<string, RequestRecord[]> {
  const groups = Map.groupBy(requests, ({ token, gateway }) => `${token} ${gateway}`);
  for (const group of groups.values()) group.sort((a, b) => a.start - b.start);
  return groups;
}

/** When all is healed: what is revoked is refused everywhere, what is not is accepted, and in doubt all agree. */
function checkEnd(history: History, fates: Map<number, Fate>, answers: Map<number, RequestRecord[]>): Violation[] {
  const violations: Violation[] = [];
  for (const [token, requests] of answers) {
    const fate = fates.get(token) ?? alive;
    const name = `token ${token} (${history.tokens[token]?.form})`;
    const said = requests.map(
      ({ gateway, status, code }) => `${history.gateways[gateway]?.name} ${status}${code ? `/${code}` : ''}`,
    );
    const add = (rule: Violation['rule'], what: string) =>
      violations.push({ rule, at: requests[0]?.start ?? 0, what: `${name}: ${what}: ${said.join(', ')}` });
    const some = requests[0] as RequestRecord;
    if (isForgotten(history, fate) || isUnknown(history, token, some)) continue;
    if (fate.revoked < Number.POSITIVE_INFINITY) {
      if (!requests.every(isRevokedAnswer)) add('revocation lost', 'revoked, and at the end not refused everywhere');
    } else if (fate.doubtful === Number.POSITIVE_INFINITY) {
      if (!requests.every(isAccepted)) add('good token lost', 'never revoked, and at the end not accepted everywhere');
    } else if (!requests.every(isAccepted) && !requests.every(isRevokedAnswer)) {
      add('gateways disagree', 'in doubt whether it is revoked');
    }
  }
  return violations;
}

function checkNumbers({ head, final, gateways }: History): Violation[] {
  if (head === null) return [];
  return final
    .filter(({ position }) => position !== head)
    .map(({ gateway, position }) => ({
      rule: 'number skipped' as const,
      at: Number.POSITIVE_INFINITY,
      what: `${gateways[gateway]?.name} is at ${position} at the end, the store at ${head}`,
    }));
}

function finalAnswers({ requests }: History): Map<number, RequestRecord[]> {
  return Map.groupBy(
    requests.filter(({ final }) => final === true),
    ({ token }) => token,
  );
}

/** The revocation was decided after the backup that was put back: the store no longer knows of it. */
function isForgotten({ restore }: History, { revoked, doubtful }: Fate): boolean {
  if (!restore || doubtful > restore.restored) return false;
  return revoked > restore.backup || revoked === Number.POSITIVE_INFINITY;
}

/** The token was issued after the backup: a key manager that is asked does not know it. */
function isUnknown({ restore, tokens }: History, token: number, { end }: RequestRecord): boolean {
  const record = tokens[token];
  if (!restore || record?.form !== 'OPAQUE') return false;
  return record.got > restore.backup && record.asked < restore.restored && end > restore.stopped;
}

/** By a clock that was hours ahead the token had expired. */
function isTooLate({ faults, gateways }: History, { gateway, code, start, end }: RequestRecord): boolean {
  if (code !== 900_903) return false;
  return faults.some(
    ({ kind, target, from, until }) =>
      kind === 'clock far ahead' &&
      target === gateways[gateway]?.name &&
      from < end &&
      (until ?? Number.POSITIVE_INFINITY) + clockNoticed > start,
  );
}

const isAccepted = ({ status }: RequestRecord): boolean => status >= 200 && status < 300;
/** It is the caller's fault, says the gateway. */
const isRefused = ({ status }: RequestRecord): boolean => status >= 400 && status < 500;
const isRevokedAnswer = ({ status, code }: RequestRecord): boolean => status === 401 && code === 900_901;
