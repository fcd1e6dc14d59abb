/** Whether a request costs more where there is more: revocations, APIs. Goal: within 10 %. */
import { join } from 'node:path';
import type { Contender } from '../contest.ts';
import { names, type Scenario } from './scenario.ts';
import { contender, gateway } from './tokens.ts';

const revocations = [0, 100_000, 1_000_000] as const;
const apis = [1, 1000, 100_000] as const;
const titled = (count: number, what: string): string => `postern (net), ${count.toLocaleString('en')} ${what}`;

export const growthScenarios: readonly Scenario[] = [
  {
    name: 'revocations',
    about: 'one cached JWT, beside so many revoked ones',
    async prepare(stand) {
      const contenders: Contender[] = [];
      let token = '';
      for (const count of revocations) {
        const installation = await stand.installation({ revocations: count });
        token = await stand.tokens.make(installation.consumerKey);
        contenders.push(contender(stand, titled(count, 'revoked'), await gateway(installation, 'net'), token));
      }
      const plain = await stand.haproxy();
      const jwt = await stand.haproxy({ jwt: revocations[2] });
      if (plain) contenders.push(contender(stand, names.haproxy, plain, token));
      if (jwt) contenders.push(contender(stand, names.jwt, jwt, token));
      const most = titled(revocations[2], 'revoked');
      return {
        contenders,
        beside: [names.haproxy, names.jwt, titled(0, 'revoked')],
        goals: [
          { of: most, beside: titled(0, 'revoked'), atMost: 1.1 },
          { of: most, beside: names.haproxy, atMost: 1.4 },
          { of: most, beside: names.jwt, atMost: 0.5 },
        ],
      };
    },
  },
  {
    name: 'apis',
    about: 'so many APIs, each called as often as the others',
    async prepare(stand) {
      const contenders: Contender[] = [];
      for (const count of apis) {
        const installation = await stand.installation({ apis: count });
        const tokens = await stand.tokens.write(join(stand.folder, `token-${count}`), 1, installation.consumerKey);
        contenders.push(
          contender(stand, titled(count, 'APIs'), await gateway(installation, 'net'), '', (round) => ({
            varied: { tokens, mode: 'cycle', apis: count },
            // Each of them is compiled at its first request, so the warm-up has to come to all.
            ...(round === 0 && { seconds: Math.max(stand.seconds, count / 5000) }),
          })),
        );
      }
      const plain = await stand.haproxy();
      if (plain) {
        const tokens = await stand.tokens.write(join(stand.folder, 'token'), 1, 'nobody');
        const varied = { tokens, mode: 'cycle', apis: apis[2] } as const;
        contenders.push(contender(stand, names.haproxy, plain, '', () => ({ varied })));
      }
      const goals = [{ of: titled(apis[2], 'APIs'), beside: titled(1, 'APIs'), atMost: 1.1 }];
      return { contenders, beside: [names.haproxy, titled(1, 'APIs')], goals };
    },
  },
];
