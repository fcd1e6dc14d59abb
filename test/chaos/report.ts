/** What a run was and what it showed, as lines to print. */
import { Bounds } from './bounds.ts';
import type { Violation } from './check.ts';
import type { History, RequestRecord } from './history.ts';

/** Violations that are explained. */
const explained = 10;

export function report(history: History, violations: readonly Violation[]): string[] {
  return [
    '',
    'faults',
    ...table([...Map.groupBy(history.faults, ({ kind }) => kind)].map(([kind, all]) => [kind, String(all.length)])),
    '',
    'counts',
    ...table(counts(history)),
    '',
    'milliseconds from /revoke answered, or from when gateway and source were there again, for each token and gateway',
    ...table(distributions(history)),
    '',
    'gateways at the end',
    ...table(
      history.final.map(({ gateway, position, reloads, gaps, refused }) => [
        history.gateways[gateway]?.name ?? '',
        `position ${position}, reloads ${reloads}, gaps ${gaps}, entities not applied ${refused}`,
      ]),
    ),
    ...table([['store', `head ${history.head}`]]),
    '',
    ...violations.slice(0, explained).map(({ rule, at, what }) => `${seconds(history, at)} ${rule}: ${what}`),
    ...(violations.length > explained ? [`and ${violations.length - explained} more`] : []),
    ...[...Map.groupBy(violations, ({ rule }) => rule)].map(([rule, all]) => `${rule}: ${all.length}`),
    `violations: ${violations.length}`,
  ];
}

function counts({ tokens, requests, revocations, presentations, scarcity }: History): string[][] {
  const answered = revocations.filter(({ answered }) => answered !== null);
  const statuses = Map.groupBy(requests, ({ status, code }) => (status === 0 ? 'no answer' : `${status}/${code}`));
  return [
    ['tokens', String(tokens.length)],
    ['requests', String(requests.length)],
    ...[...statuses].toSorted().map(([status, all]) => [`  ${status}`, String(all.length)]),
    ['revocations of a token', String(answered.filter(({ by }) => by === 'token').length)],
    ['revocations of a client', String(answered.filter(({ by }) => by === 'client').length)],
    ...presentationCounts(presentations),
    ['revocations in doubt', String(revocations.length - answered.length)],
    ['processor was waited for', `${waited(scarcity)} of the time`],
  ];
}

function presentationCounts(presentations: History['presentations']): string[][] {
  const kinds = Map.groupBy(presentations, ({ what, answer }) => `${what}s: ${answer}`);
  return [...kinds].toSorted().map(([kind, all]) => [kind, String(all.length)]);
}

function waited(samples: History['scarcity']): string {
  const sum = (of: (sample: History['scarcity'][number]) => number) => samples.reduce((sum, one) => sum + of(one), 0);
  return `${(
    (100 * sum(({ waited }) => waited)) /
      Math.max(
        1,
        sum(({ ms }) => ms),
      )
  ).toFixed(0)} %`;
}

/** Milliseconds between two requests with a token at a gateway, at most, while it is waited for its refusal. */
const watched = 1000;

/**
 * By situation: from the moment at which a gateway had to learn of a revocation until its first refusal, where it was
 * asked all the while, and until the last request was sent that it accepted. While it does not answer it does neither.
 */
function distributions(history: History): string[][] {
  const bounds = new Bounds(history);
  const uses = Map.groupBy(history.requests, ({ token, gateway }) => `${token} ${gateway}`);
  const delays: { readonly situation: string; readonly refusal: number | null; readonly acceptance: number }[] = [];
  for (const [token, answered] of firstAnswers(history)) {
    for (const gateway of history.gateways.keys()) {
      const { situation, from } = bounds.of(gateway, answered);
      const later = (uses.get(`${token} ${gateway}`) ?? []).filter(({ end }) => end >= from);
      const accepted = later.filter(({ status }) => status === 200).map(({ start }) => start - from);
      delays.push({ situation, refusal: refusalOf(later, from), acceptance: Math.max(0, ...accepted) });
    }
  }
  return [...Map.groupBy(delays, ({ situation }) => situation)].map(([situation, all]) => {
    const refusals = all.flatMap(({ refusal }) => refusal ?? []);
    return [
      situation,
      `first 401 ${spread(refusals)}`,
      `last 200 ${spread(all.map(({ acceptance }) => acceptance))}`,
      `(${all.length}, watched until refused ${refusals.length})`,
    ];
  });
}

/** null = it was not asked often enough to know. */
function refusalOf(requests: readonly RequestRecord[], from: number): number | null {
  let last = from;
  for (const { start, end, status } of requests.toSorted((a, b) => a.start - b.start)) {
    if (start - last > watched) return null;
    if (status === 401) return end - from;
    last = Math.max(last, end);
  }
  return null;
}

/** When the revocation of each token was answered for the first time. */
function firstAnswers({ revocations }: History): Map<number, number> {
  const first = new Map<number, number>();
  for (const { tokens, answered } of revocations) {
    if (answered === null) continue;
    for (const token of tokens) first.set(token, Math.min(answered, first.get(token) ?? answered));
  }
  return first;
}

function spread(delays: readonly number[]): string {
  if (delays.length === 0) return 'none';
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.ceil(share * sorted.length) - 1] as number).toFixed(0);
  return `median ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)};`;
}

/** Since the first thing that happened. */
function seconds({ requests }: History, at: number): string {
  if (!Number.isFinite(at)) return 'at the end';
  const first = requests.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  return `${((at - first) / 1000).toFixed(2)} s`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(0, ...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', ...rest]) => `  ${name.padEnd(width)}  ${rest.join('  ')}`);
}
