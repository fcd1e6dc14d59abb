/** What a scenario is measured on: back ends on one processor, and whatever it starts on the other. All ends with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../test/chaos/free-ports.ts';
import { closeConnections } from '../../test/support/call.ts';
import type { Measuring } from './arguments.ts';
import { startFastifyStack } from './fastify-stack.ts';
import { type HaproxySetup, startHaproxy } from './haproxy.ts';
import { type Installation, type InstallationSetup, openInstallation } from './installation.ts';
import { revokedJti } from './many-entities.ts';
import { startNginxBackEnd, startNginxProxy } from './nginx.ts';
import { isHere } from './programs.ts';
import { startSink } from './sink.ts';
import { issuer, newTokenMaker, scope, type TokenMaker } from './token-maker.ts';

/** A proxy that runs. */
export interface Running {
  readonly pid: number;
  readonly url: string;
}

export interface Stand extends Measuring {
  readonly folder: string;
  readonly tokens: TokenMaker;
  /** What all of them forward to. */
  readonly backEnd: Pick<Running, 'url'>;
  installation(setup?: Pick<InstallationSetup, 'apis' | 'revocations'>): Promise<Installation>;
  /** null = it isn't on this machine. @param jwt whether it checks tokens; a number = with so many revoked ones */
  haproxy(options?: { readonly tls?: string; readonly jwt?: number }): Promise<Running | null>;
  nginx(): Promise<Running>;
  fastify(): Promise<Running>;
  /** What is started is stopped with the stand, the last first. */
  keep<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T>;
  say(line: string): void;
  close(): Promise<void>;
}

export async function openStand(options: Measuring & Pick<Stand, 'say'>): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const [backEnd = 0, sink = 0] = await freePorts(2);
  const tokens = newTokenMaker();
  const started: { stop(): Promise<void> }[] = [];
  /** The last is stopped first: gateways before what they follow. */
  const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    started.unshift(one);
    return one;
  };
  const address = (port: number): string => `http://127.0.0.1:${port}`;
  const onFreePort = async (start: (port: number) => ReturnType<typeof startSink>): Promise<Running> => {
    const [port = 0] = await freePorts(1);
    const { pid } = await keep(start(port));
    return { pid, url: address(port) };
  };
  const stand: Stand = {
    ...options,
    keep,
    folder,
    tokens,
    backEnd: { url: address(backEnd) },
    installation: (setup = {}) =>
      keep(openInstallation({ backEnd: address(backEnd), sink: address(sink), tokens, ...setup })),
    async haproxy({ tls, jwt } = {}) {
      if (!isHere('haproxy')) return null;
      const check: HaproxySetup['jwt'] =
        jwt === undefined
          ? undefined
          : {
              issuer,
              publicKeyPem: tokens.publicKeyPem,
              revoked: Array.from({ length: jwt }, (_, at) => revokedJti(at)),
            };
      const proxy = await onFreePort((port) =>
        startHaproxy({ folder, port, backEnd, sink, ...(tls !== undefined && { tls }), ...(check && { jwt: check }) }),
      );
      return tls === undefined ? proxy : { ...proxy, url: proxy.url.replace('http:', 'https:') };
    },
    nginx: () => onFreePort((port) => startNginxProxy(folder, port, backEnd)),
    fastify() {
      const keyFile = join(folder, 'issuer.pem');
      writeFileSync(keyFile, tokens.publicKeyPem);
      return onFreePort((port) => startFastifyStack({ port, backEnd, issuer, keyFile, scope }));
    },
    async close() {
      closeConnections();
      for (const one of started) await one.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await keep(startNginxBackEnd(folder, backEnd));
    await keep(startSink(sink));
    return stand;
  } catch (error) {
    await stand.close();
    throw error;
  }
}
