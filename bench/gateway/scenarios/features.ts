/** What each thing that the gateway does for a request costs: one more from contender to contender. */
import { join } from 'node:path';
import type { Contender } from '../contest.ts';
import { names, type Scenario } from './scenario.ts';
import { contender, gateway } from './tokens.ts';

export const featureScenarios: readonly Scenario[] = [
  {
    name: 'features',
    about: 'one gateway; each API has one feature more than the one before; one JWT, kept connections',
    async prepare(stand) {
      const installation = await stand.installation();
      const unlimited = await stand.tokens.make(installation.unlimitedConsumerKey);
      const limited = await stand.tokens.make(installation.consumerKey);
      const running = await gateway(installation, 'net');
      const { pid, http } = await installation.startGateway('net', { accessLog: join(stand.folder, 'access.log') });
      const logging = { pid, url: http.replace('localhost', '127.0.0.1') };
      const contenders: Contender[] = (
        [
          ['open to everybody', running, unlimited, 'open'],
          ['+ token, revocation, subscription', running, unlimited, 'known'],
          ['+ scope', running, unlimited, 'scoped'],
          ['+ three limits', running, limited, 'counted'],
          ['+ CORS', running, limited, 'shared'],
          ['+ access log', logging, limited, 'shared'],
        ] as const
      ).map(([name, its, token, api]) =>
        contender(stand, name, its, token, undefined, `/${api}/1.0.0/menu?size=large`),
      );
      const plain = await stand.haproxy();
      if (plain) contenders.push(contender(stand, names.haproxy, plain, unlimited));
      return { contenders, beside: ['open to everybody', names.haproxy], goals: [] };
    },
  },
];
