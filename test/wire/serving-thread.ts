/**
 * A thread that listens on a port that others listen on too, and says in its answers which one it is. Told to stand
 * still it does nothing at all until the word that it was given is no longer 0.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { wires } from '../../src/wire/index.ts';

const { name, wireName, port, gate } = workerData as {
  name: string;
  wireName: keyof typeof wires;
  port: number;
  gate: Int32Array;
};
const wire = await wires[wireName]();
const server = wire.createServer(
  {
    maxHeadSize: 8192,
    maxTargetLength: 1024,
    headTimeout: 10_000,
    keepAliveTimeout: 60_000,
    refuse: (defect) => ({ status: 400, fields: [], body: defect }),
  },
  (exchange) => exchange.respond({ status: 200, fields: [], body: `by ${name}.` }),
);
parentPort?.on('message', () => {
  parentPort?.postMessage('stands still');
  Atomics.wait(gate, 0, 0);
});
parentPort?.postMessage(await server.listen({ host: '127.0.0.1', port, reusePort: true }));
