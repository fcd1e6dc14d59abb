/** Small requests over kept connections; what differs is the tokens. */
import { join } from 'node:path';
import type { Contender, Contest, Goal } from '../contest.ts';
import type { Load } from '../load/wrk.ts';
import type { Running, Stand } from '../stand.ts';
import { names, type Scenario, wires } from './scenario.ts';

type LoadOf = (round: number) => Partial<Load>;

const fastifyGoal: Goal = { of: names.net, beside: names.fastify, atMost: 0.25 };

export const tokenScenarios: readonly Scenario[] = [
  {
    name: 'cached-jwt',
    about: 'one JWT, verified once and remembered; keep-alive',
    prepare: (stand) => everybody(stand, { nginx: true, goals: cachedGoals }, async () => () => ({})),
  },
  {
    name: 'tokens-2000',
    about: '2,000 JWTs in turn',
    prepare: (stand) =>
      everybody(stand, { goals: cachedGoals }, async (consumerKey) => {
        const tokens = await stand.tokens.write(join(stand.folder, 'tokens'), 2000, consumerKey);
        return () => ({ varied: { tokens, mode: 'cycle', apis: 1 } });
      }),
  },
  {
    name: 'cold',
    about: 'every request has a token that was never seen before',
    prepare: (stand) =>
      everybody(stand, { goals: [{ of: names.net, beside: names.jwt, atMost: 1.3 }] }, async (consumerKey) => {
        // A little less than the fastest can take in the time, so that each meets the same ones.
        const each = Math.ceil(stand.seconds * 8000);
        const counts = [4 * each, ...Array<number>(stand.rounds).fill(each)];
        stand.say(`${(4 + stand.rounds) * each} tokens are signed`);
        const files: string[] = [];
        for (const [round, count] of counts.entries()) {
          files.push(await stand.tokens.write(join(stand.folder, `tokens-${round}`), count, consumerKey));
        }
        return (round) => ({
          // Twice the time, for slower ones; it ends when the tokens do.
          seconds: 2 * stand.seconds,
          varied: { tokens: files[round] as string, mode: 'once', apis: 1 },
        });
      }),
  },
  {
    name: 'opaque',
    about: 'one opaque token, introspected once and remembered',
    async prepare(stand) {
      const installation = await stand.installation();
      const token = await installation.opaqueToken();
      const contenders: Contender[] = [];
      for (const wire of wires) {
        contenders.push(contender(stand, names[wire], await gateway(installation, wire), token));
      }
      const plain = await stand.haproxy();
      if (plain) contenders.push(contender(stand, names.haproxy, plain, token));
      return { contenders, beside: [names.haproxy], goals: [{ of: names.net, beside: names.haproxy, atMost: 1.4 }] };
    },
  },
];

const cachedGoals: readonly Goal[] = [
  { of: names.net, beside: names.haproxy, atMost: 1.4 },
  { of: names.net, beside: names.jwt, atMost: 0.5 },
  fastifyGoal,
];

async function everybody(
  stand: Stand,
  options: { readonly nginx?: boolean; readonly goals: readonly Goal[] },
  loads: (consumerKey: string) => Promise<LoadOf>,
): Promise<Contest> {
  const installation = await stand.installation();
  const token = await stand.tokens.make(installation.consumerKey);
  const loadOf = await loads(installation.consumerKey);
  const contenders: Contender[] = [];
  const add = (name: string, running: Running | null): void => {
    if (running) contenders.push(contender(stand, name, running, token, loadOf));
  };
  for (const wire of wires) add(names[wire], await gateway(installation, wire));
  add(names.haproxy, await stand.haproxy());
  add(names.jwt, await stand.haproxy({ jwt: 1000 }));
  if (options.nginx) add(names.nginx, await stand.nginx());
  add(names.fastify, await stand.fastify());
  return { contenders, beside: [names.haproxy, names.jwt], goals: options.goals };
}

/** A gateway as contestants are: over HTTP. */
export async function gateway(
  installation: Awaited<ReturnType<Stand['installation']>>,
  wire: (typeof wires)[number],
): Promise<Running> {
  const { pid, http } = await installation.startGateway(wire);
  return { pid, url: http.replace('localhost', '127.0.0.1') };
}

export function contender(
  { seconds }: Stand,
  name: string,
  { pid, url }: Running,
  token: string,
  more: LoadOf = () => ({}),
  path = '/api0/1.0.0/menu?size=large',
): Contender {
  return { name, pid, load: (round) => ({ url: `${url}${path}`, token, seconds, ...more(round) }) };
}
