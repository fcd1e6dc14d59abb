/** Clients that connect otherwise: with TLS, or anew for each request. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contest.ts';
import { loadHttp2 } from '../load/h2load.ts';
import { isHere } from '../programs.ts';
import { names, type Scenario, wires } from './scenario.ts';
import { contender, gateway } from './tokens.ts';

export const connectionScenarios: readonly Scenario[] = [
  {
    name: 'tls',
    about: 'TLS in front, the same certificate; one cached JWT; keep-alive',
    async prepare(stand) {
      const installation = await stand.installation();
      const token = await stand.tokens.make(installation.consumerKey);
      const contenders: Contender[] = [];
      let certificate = '';
      for (const wire of wires) {
        const { pid, https, data } = await installation.startGateway(wire);
        // With its key.
        certificate = readFileSync(join(data, 'certificates', 'server.pem'), 'utf8');
        contenders.push(contender(stand, names[wire], { pid, url: https.replace('localhost', '127.0.0.1') }, token));
      }
      const peer = await stand.haproxy({ tls: certificate });
      if (peer) contenders.push(contender(stand, names.haproxy, peer, token));
      return { contenders, beside: [names.haproxy], goals: [{ of: names.net, beside: names.haproxy, atMost: 1.3 }] };
    },
  },
  {
    name: 'http2',
    about: 'HTTP/2 over TLS, 8 connections with 8 requests at a time; one cached JWT',
    async prepare(stand) {
      if (!isHere('h2load')) throw new Error('needs h2load (Debian package nghttp2-client)');
      const installation = await stand.installation();
      const token = await stand.tokens.make(installation.consumerKey);
      const { pid, https, data } = await installation.startGateway('net');
      const url = https.replace('localhost', '127.0.0.1');
      const peer = await stand.haproxy({ tls: readFileSync(join(data, 'certificates', 'server.pem'), 'utf8') });
      const contenders: Contender[] = [{ ...contender(stand, names.net, { pid, url }, token), by: loadHttp2 }];
      if (peer) contenders.push({ ...contender(stand, names.haproxy, peer, token), by: loadHttp2 });
      return { contenders, beside: [names.haproxy], goals: [] };
    },
  },
  {
    name: 'new-connection',
    about: 'a new connection for each request; one cached JWT',
    async prepare(stand) {
      const installation = await stand.installation();
      const token = await stand.tokens.make(installation.consumerKey);
      const once = () => ({ keepAlive: false });
      const contenders: Contender[] = [];
      for (const wire of wires) {
        contenders.push(contender(stand, names[wire], await gateway(installation, wire), token, once));
      }
      const peer = await stand.haproxy();
      if (peer) contenders.push(contender(stand, names.haproxy, peer, token, once));
      contenders.push(contender(stand, names.nginx, await stand.nginx(), token, once));
      return { contenders, beside: [names.haproxy], goals: [{ of: names.net, beside: names.haproxy, atMost: 2 }] };
    },
  },
];
