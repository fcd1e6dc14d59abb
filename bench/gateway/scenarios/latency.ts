/** How long answers take: of a server that is half busy, and beside a flood of tokens that take long to verify. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Latency, type PacedLoad, pacedLoad } from '../load/paced.ts';
import type { Running, Stand } from '../stand.ts';
import { estimate } from '../statistics.ts';
import { type Figure, names, type Scenario, wires } from './scenario.ts';
import { gateway } from './tokens.ts';

const path = '/api0/1.0.0/menu?size=large';
/** With these pauses about 8,000 requests a second: half of what a processor of a small machine can do. */
const half = { connections: 64, pause: 8 };
/** A few clients with tokens that are known. */
const quiet = { connections: 16, pause: 8 };
/** 2,000 new tokens a second, many at a time. */
const flood = { connections: 64, pause: 32 };

export const latencyScenarios: readonly Scenario[] = [
  {
    name: 'latency',
    about: 'about 8,000 requests a second; one cached JWT; medians of the rounds',
    async measure(stand) {
      const installation = await stand.installation();
      const token = await stand.tokens.make(installation.consumerKey);
      const servers: [string, Pick<Running, 'url'> | null][] = [['back end itself', stand.backEnd]];
      for (const wire of wires) servers.push([names[wire], await gateway(installation, wire)]);
      servers.push([names.haproxy, await stand.haproxy()]);
      const figures: Figure[] = [];
      const rounds = servers.map((): Latency[] => []);
      for (let round = 0; round <= stand.rounds; round++) {
        for (const [at, [, running]] of servers.entries()) {
          if (!running) continue;
          const seconds = round === 0 ? stand.warmUp : stand.seconds;
          const latency = await pacedLoad({ url: `${running.url}${path}`, token, seconds, ...half });
          if (round > 0) rounds[at]?.push(latency);
        }
      }
      for (const [at, [name, running]] of servers.entries()) {
        if (running) figures.push(...percentiles(name, rounds[at] ?? []));
      }
      return figures;
    },
  },
  {
    name: 'cold-flood',
    about: '2,000 clients a second with tokens that were never seen, beside some whose JWT is cached; the latter’s p99',
    async measure(stand) {
      const installation = await stand.installation();
      const token = await stand.tokens.make(installation.consumerKey);
      const { url } = await gateway(installation, 'net');
      const load: PacedLoad = { url: `${url}${path}`, token, seconds: stand.seconds, ...quiet };
      await pacedLoad({ ...load, seconds: stand.warmUp });
      const p99s = async (alg: 'ES256' | 'EdDSA' | null): Promise<number> => {
        const measured: number[] = [];
        for (let round = 0; round < Math.min(stand.rounds, 7); round++)
          measured.push(await beside(stand, load, alg, installation.consumerKey));
        return estimate(measured).median;
      };
      const alone = await p99s(null);
      const figures: Figure[] = [{ name: 'p99 beside as many with known tokens', value: alone, unit: 'ms' }];
      for (const alg of ['ES256', 'EdDSA'] as const) {
        figures.push({ name: `p99 beside ${alg}`, value: await p99s(alg), unit: 'ms', goal: 2 * alone });
      }
      return figures;
    },
  },
];

/** The p99 of a load beside a flood of new tokens; null = of known ones, which keep wrk and the back end as busy. */
async function beside(
  stand: Stand,
  load: PacedLoad,
  alg: 'ES256' | 'EdDSA' | null,
  consumerKey: string,
): Promise<number> {
  // More than there can be sent; it ends with the time, not with the tokens.
  const file = join(stand.folder, 'flood');
  const count = alg === null ? 100 : (load.seconds + 2) * 2500;
  await stand.tokens.write(file, count, consumerKey, alg ?? 'RS256');
  const tokens = { file, mode: alg === null ? 'cycle' : 'once' } as const;
  const flooding = pacedLoad({ ...load, ...flood, seconds: load.seconds + 2, tokens });
  // It reads its tokens first, on the processor that the other one has, too.
  await setTimeout(1000);
  const [{ p99 }] = await Promise.all([pacedLoad(load), flooding]);
  return p99;
}

function percentiles(name: string, rounds: readonly Latency[]): Figure[] {
  const median = (of: keyof Latency): number => estimate(rounds.map((latency) => latency[of])).median;
  return [
    { name: `${name}, p50 at ${median('rate').toFixed(0)}/s`, value: median('p50'), unit: 'ms' },
    { name: `${name}, p99`, value: median('p99'), unit: 'ms' },
    { name: `${name}, p99.9`, value: median('p999'), unit: 'ms' },
  ];
}
