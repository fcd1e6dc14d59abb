/** What a run was and what it showed, as lines to print. */
import { Bounds } from './bounds.ts';
import type { Violation } from './check.ts';
import type { History } from './history.ts';

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

function counts({ tokens, requests, revocations, scarcity }: History): string[][] {
  const answered = revocations.filter(({ answered }) => answered !== null);
  const statuses = Map.groupBy(requests, ({ status, code }) => (status === 0 ? 'no answer' : `${status}/${code}`));
  return [
    ['tokens', String(tokens.length)],
    ['requests', String(requests.length)],
    ...[...statuses].toSorted().map(([status, all]) => [`  ${status}`, String(all.length)]),
    ['revocations of a token', String(answered.filter(({ by }) => by === 'token').length)],
    ['revocations of a client', String(answered.filter(({ by }) => by === 'client').length)],
    ['revocations in doubt', String(revocations.length - answered.length)],
    ['processor was waited for', `${waited(scarcity)} of the time`],
  ];
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

/**
 * By situation: from the moment at which a gateway had to learn of a revocation until its first refusal, and until the
 * last request was sent that it accepted. While a gateway does not answer, or nobody asks, it does neither.
 */
function distributions(history: History): string[][] {
  const bounds = new Bounds(history);
  const refused = new Map<string, number>();
  const accepted = new Map<string, number>();
  for (const { token, gateway, start, end, status } of history.requests) {
    const key = `${token} ${gateway}`;
    if (status === 401) refused.set(key, Math.min(end, refused.get(key) ?? Number.POSITIVE_INFINITY));
    if (status === 200) accepted.set(key, Math.max(start, accepted.get(key) ?? 0));
  }
  const delays: { readonly situation: string; readonly refusal: number; readonly acceptance: number }[] = [];
  for (const [token, answered] of firstAnswers(history)) {
    for (const gateway of history.gateways.keys()) {
      const key = `${token} ${gateway}`;
      const { situation, from } = bounds.of(gateway, answered);
      const since = (at: number) => Math.max(0, at - from);
      delays.push({ situation, refusal: since(refused.get(key) ?? from), acceptance: since(accepted.get(key) ?? 0) });
    }
  }
  return [...Map.groupBy(delays, ({ situation }) => situation)].map(([situation, all]) => [
    situation,
    `first 401 ${spread(all.map(({ refusal }) => refusal))}`,
    `last 200 ${spread(all.map(({ acceptance }) => acceptance))}`,
    `(${all.length})`,
  ]);
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
