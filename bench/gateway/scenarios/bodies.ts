/** Bodies, from the back end and to it. */
import type { Contender } from '../contest.ts';
import { bodySizes } from '../nginx.ts';
import { names, type Scenario, wires } from './scenario.ts';
import { contender, gateway } from './tokens.ts';

/** Fewer of the large ones: they fill the link between the two processors by themselves. */
const connections = { '1 KiB': 64, '100 KiB': 16, '10 MiB': 4 } as const;
/** At most so many times what HAProxy needs for a MiB. */
const goals = { down: { '10 MiB': 0.8 }, up: { '10 MiB': 1.5 } } as const;

const scenario = (way: 'down' | 'up', size: keyof typeof bodySizes): Scenario => ({
  name: `${way}-${size.replace(' ', '')}`,
  about: way === 'down' ? `answers of ${size}` : `requests with a body of ${size}`,
  async prepare(stand) {
    const installation = await stand.installation();
    const token = await stand.tokens.make(installation.consumerKey);
    const bytes = bodySizes[size];
    const path = way === 'down' ? `/api0/1.0.0/files/${bytes}` : '/upload/1.0.0/body';
    const more = () => ({ connections: connections[size], ...(way === 'up' && { bodyBytes: bytes }) });
    const contenders: Contender[] = [];
    for (const wire of wires) {
      contenders.push(contender(stand, names[wire], await gateway(installation, wire), token, more, path));
    }
    const peer = await stand.haproxy();
    if (peer) contenders.push(contender(stand, names.haproxy, peer, token, more, path));
    const atMost: number | undefined = size === '10 MiB' ? goals[way][size] : undefined;
    return {
      contenders,
      beside: [names.haproxy],
      goals: atMost === undefined ? [] : [{ of: names.net, beside: names.haproxy, atMost }],
      // A small body is one more part of a request.
      isAboutBodies: bytes > 65_536,
    };
  },
});

export const bodyScenarios: readonly Scenario[] = (['down', 'up'] as const).flatMap((way) =>
  (Object.keys(bodySizes) as (keyof typeof bodySizes)[]).map((size) => scenario(way, size)),
);
