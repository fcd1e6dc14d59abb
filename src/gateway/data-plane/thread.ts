/** Entry of a data-plane thread: its own event loop, its own listening sockets, the shared memory of all. */
import { parentPort, workerData } from 'node:worker_threads';
import { fault, faults } from '../../core/faults.ts';
import { systemClock } from '../../platform/clock.ts';
import { wires } from '../../wire/index.ts';
import type { RequestDefect, ServerOptions, WireServer } from '../../wire/wire.ts';
import { renderDefect } from '../faults/render.ts';
import { compile, Pipeline } from '../pipeline.ts';
import { Routes } from '../routes.ts';
import { TrustedIssuer } from '../security/issuers.ts';
import { firstPulseWord } from '../shared-state.ts';
import { builtInApi } from './built-in-api.ts';
import { createDeps } from './create-deps.ts';
import type { FromThread, ThreadChange, ThreadData, ToThread } from './messages.ts';
import { threadLog } from './thread-log.ts';

/** Milliseconds between two beats of the pulse by which the main thread sees that this one lives. */
const pulse = 500;

const data = workerData as ThreadData;
const port = parentPort;
if (!port) throw new Error('this file is the entry of a thread');
const tell = (message: FromThread): void => port.postMessage(message);

const log = threadLog((line) => tell({ type: 'log', line }));
const wire = await wires.node();
const { deps, issuers } = await createDeps(data, wire, systemClock, log);
const routes = new Routes((resource, api) => compile(resource, api, deps));
routes.put(builtInApi(data.options.keyManager));
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
}

function apply(change: ThreadChange): void {
  switch (change.kind) {
    case 'api':
      if (change.value) routes.put({ api: change.value, ordinal: change.ordinal, builtIn: false });
      else routes.delete(change.id);
      return;
    case 'policy':
      deps.policies.adopt(change.number, change.id);
      if (change.value) deps.policies.put(change.value);
      else deps.policies.delete(change.id);
      return;
    case 'issuer':
      // A token that was verified with a key that has gone must be verified again.
      deps.schemes.jwt.clear();
      if (change.value) issuers.set(change.id, new TrustedIssuer(change.value));
      else issuers.delete(change.id);
      return;
  }
}

const defects: Readonly<Record<RequestDefect, ReturnType<typeof renderDefect>>> = {
  malformed: renderDefect(fault(faults.malformedRequest)),
  'head-too-large': renderDefect(fault(faults.headerTooLarge)),
  'target-too-long': renderDefect(fault(faults.uriTooLong)),
  timeout: renderDefect(fault(faults.requestTimeout)),
};

const { maxHeadSize, maxTargetLength, headTimeout, bodyTimeout, keepAliveTimeout, drainTimeout, host } =
  data.options.gateway;
const listener: ServerOptions = {
  maxHeadSize,
  maxTargetLength,
  headTimeout,
  bodyTimeout,
  keepAliveTimeout,
  refuse: (defect) => defects[defect],
};
const servers: WireServer[] = [];

async function listen(): Promise<void> {
  const http = wire.createServer(listener, pipeline.handle);
  const https = wire.createServer({ ...listener, tls: data.tls }, pipeline.handle);
  servers.push(http, https);
  const { reusePort, ports } = data;
  tell({
    type: 'listening',
    ports: {
      http: await http.listen({ host, port: ports.http, reusePort }),
      https: await https.listen({ host, port: ports.https, reusePort }),
    },
  });
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
      return applyAll(message.changes);
    case 'collect':
      return tell({ type: 'counts', request: message.request, counts: deps.metrics.collect() });
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
