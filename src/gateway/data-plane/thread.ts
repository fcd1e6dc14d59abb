/** Entry of a data-plane thread: its own event loop, its own listening sockets, the shared memory of all. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FaultKind, fault, faults } from '../../core/faults.ts';
import { systemClock } from '../../platform/clock.ts';
import { wires } from '../../wire/index.ts';
import type { RequestDefect, ServerExchange, ServerOptions, WireServer } from '../../wire/wire.ts';
import { renderDefect } from '../faults/render.ts';
import { reservedFields } from '../forwarding/tell-backend.ts';
import { compile, Pipeline } from '../pipeline.ts';
import { Routes } from '../routes.ts';
import { hasMoreKeys, TrustedIssuer } from '../security/issuers.ts';
import { firstPulseWord } from '../shared-state.ts';
import { answerHealth } from './answer-health.ts';
import { builtInApi } from './built-in-api.ts';
import { createDeps } from './create-deps.ts';
import type { FromThread, ThreadChange, ThreadData, ToThread } from './messages.ts';
import { Questions } from './questions.ts';
import { threadLog } from './thread-log.ts';

/** Milliseconds between two beats of the pulse by which the main thread sees that this one lives. */
const pulse = 500;

const data = workerData as ThreadData;
const port = parentPort;
if (!port) throw new Error('this file is the entry of a thread');
const tell = (message: FromThread): void => port.postMessage(message);

const log = threadLog((line) => tell({ type: 'log', line }));
const wire = await wires[data.options.gateway.wire]();
const questions = new Questions(tell);
const { deps, issuers, policyNumbers, present } = await createDeps(data, wire, systemClock, log, (about) =>
  questions.ask(about),
);
const routes = new Routes((resource, api) => compile(resource, api, deps), log);
const tokenEndpoints = builtInApi(data.options.keyManager, data.fixed ? ['https'] : undefined);
routes.put(tokenEndpoints);
const pipeline = new Pipeline(deps, routes);

/** An entity that can't be used counts as deleted, and keeps no other from being applied. */
function applyAll(changes: readonly ThreadChange[]): void {
  for (const change of changes) {
    try {
      apply(change);
    } catch (error) {
      log.error({ err: error, kind: change.kind, id: change.id }, 'an entity can not be used and is left out');
      apply({ ...change, value: null });
    }
  }
  // An issuer's keys, or an API's certificates, may have been withdrawn.
  pipeline.tunnels.look(changes.some(({ kind }) => kind === 'issuer' || kind === 'api'));
}

function apply(change: ThreadChange): void {
  switch (change.kind) {
    case 'api':
      if (change.value) routes.put({ api: change.value, ordinal: change.ordinal, builtIn: false });
      else routes.delete(change.id);
      return;
    case 'deny':
      if (change.value) deps.denyRules.put(change.id, change.value, change.application);
      else deps.denyRules.delete(change.id);
      return;
    case 'policy':
      deps.policies.adopt(change.number, change.id);
      policyNumbers.set(change.id, change.number);
      if (change.value) deps.policies.put(change.value);
      else deps.policies.delete(change.id);
      return;
    case 'issuer': {
      // A token that was verified with a key that has gone must be verified again. If none has gone, the others stay good.
      const before = issuers.get(change.id)?.entity;
      const more = change.value !== null && before !== undefined && hasMoreKeys(before, change.value);
      for (const scheme of Object.values(deps.schemes)) {
        if (more) scheme.clearRefused?.();
        else scheme.clear();
      }
      if (change.value) issuers.set(change.id, new TrustedIssuer(change.value));
      else issuers.delete(change.id);
      return;
    }
  }
}

/** What the wire refuses is counted, but never an exchange: it has no record. */
const defect = (kind: FaultKind) => ({ code: kind.code, answer: renderDefect(fault(kind)) });
const defects: Readonly<Record<RequestDefect, ReturnType<typeof defect>>> = {
  malformed: defect(faults.malformedRequest),
  'without-tls': defect(faults.plainHttp),
  'head-too-large': defect(faults.headerTooLarge),
  'target-too-long': defect(faults.uriTooLong),
  'body-too-large': defect(faults.bodyTooLarge),
  timeout: defect(faults.requestTimeout),
  'too-many-connections': defect(faults.tooManyConnections),
  'upgrade-not-built': defect(faults.upgradeNotBuilt),
};

const { drainTimeout, host, ...limits } = data.options.gateway;
const listener: ServerOptions = {
  maxHeadSize: limits.maxHeadSize,
  maxTargetLength: limits.maxTargetLength,
  maxBodySize: limits.maxBodySize,
  maxRequests: limits.maxRequestsPerConnection,
  maxConnectionsPerAddress: limits.maxConnectionsPerAddress,
  headTimeout: limits.headTimeout,
  bodyTimeout: limits.bodyTimeout,
  keepAliveTimeout: limits.keepAliveTimeout,
  reserved: reservedFields(limits.forwarded),
  upgrades: limits.tunnel.protocols,
  tunnelTimeout: limits.tunnel.idleTimeout,
  http2: limits.http2,
  refuse: (reason) => {
    const { code, answer } = defects[reason];
    deps.metrics.refused(code);
    return answer;
  },
};
const servers: WireServer[] = [];
/** Those of them that have TLS. */
const secureServers: WireServer[] = [];
/** May change before they are there. */
let { tls } = data;

async function listen(): Promise<void> {
  const { reusePort, ports } = data;
  const open = (options: ServerOptions, handle: (exchange: ServerExchange) => void, port: number): Promise<number> => {
    const server = wire.createServer(options, handle);
    servers.push(server);
    if (options.tls) secureServers.push(server);
    return server.listen({ host, port, reusePort });
  };
  const handle = data.fixed ? answerHealth(pipeline.handle) : pipeline.handle;
  tell({
    type: 'listening',
    ports: {
      http: await open(listener, handle, ports.http),
      https: await open({ ...listener, tls }, handle, ports.https),
      token: ports.token === null ? null : await open({ ...listener, tls }, tokenHandler(), ports.token),
    },
  });
}

/** For the listener that has the token endpoints and nothing else. */
function tokenHandler(): (exchange: ServerExchange) => void {
  const only = new Routes((resource, api) => compile(resource, api, deps));
  only.put(tokenEndpoints);
  return new Pipeline(deps, only).handle;
}

async function drain(): Promise<void> {
  await Promise.all(servers.map((server) => server.drain(drainTimeout)));
  await deps.accessLog.close();
  // Of this thread only: whatever is still open to back ends is of no more use.
  process.exit(0);
}

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'changes':
      applyAll(message.changes);
      return tell({ type: 'applied' });
    case 'answer':
      return questions.answered(message);
    case 'collect':
      return tell({ type: 'counts', request: message.request, counts: deps.metrics.collect() });
    case 'certificate':
      return present(message.certificate);
    case 'tls':
      ({ tls } = message);
      for (const server of secureServers) server.useTls(tls);
      return;
    case 'drain':
      return void drain().catch((error) => {
        log.error({ err: error }, 'draining failed');
        process.exit(1);
      });
  }
});

const control = new Int32Array(data.shared.control);
setInterval(() => Atomics.add(control, firstPulseWord + data.slot, 1), pulse);

applyAll(data.changes);
await listen().catch((error: NodeJS.ErrnoException) => {
  const { code = '', message, port: failed = 0 } = error as NodeJS.ErrnoException & { port?: number };
  tell({ type: 'failed', code, message, port: failed });
});
