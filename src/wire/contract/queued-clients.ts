/**
 * A thread with clients that connect and send a request while the thread under test stands still, so that they wait in
 * the kernel's queue. Posts what each of them received.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { Peer } from './fixture.ts';

const { port, count, request, connected } = workerData as {
  port: number;
  count: number;
  request: string;
  connected: Int32Array;
};
const peers = await Promise.all(
  Array.from({ length: count }, async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(request);
    return new Peer(socket);
  }),
);
Atomics.store(connected, 0, 1);
Atomics.notify(connected, 0);
parentPort?.postMessage(await Promise.all(peers.map((peer) => peer.rest())));
