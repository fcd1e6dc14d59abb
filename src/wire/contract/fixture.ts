/** What the contract suite works with: a wire under test between clients and back ends made of raw sockets. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type {
  AnswerHead,
  ForwardFailure,
  ForwardRequest,
  HeadEdits,
  RequestDefect,
  ServerExchange,
  ServerOptions,
  Upstream,
  UpstreamOptions,
  Wire,
  WireServer,
} from '../wire.ts';

/** Status that a refusal has in these tests. */
export const refusals: Record<RequestDefect, number> = {
  malformed: 400,
  'without-tls': 400,
  timeout: 408,
  'target-too-long': 414,
  'head-too-large': 431,
  'body-too-large': 413,
  'too-many-connections': 503,
  'upgrade-not-built': 501,
};

const serverOptions: ServerOptions = {
  maxHeadSize: 8192,
  maxTargetLength: 1024,
  headTimeout: 5_000,
  keepAliveTimeout: 60_000,
  refuse: (defect) => ({ status: refusals[defect], fields: [['content-type', 'text/plain']], body: defect }),
};

/** One end of a connection, with everything that came over it. */
export class Peer {
  readonly socket: Socket;
  /** Bytes as latin1. */
  received = '';
  isClosed = false;
  /** What the system said when it broke: a reset. */
  error: Error | undefined;
  #changed: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Resolves when what came matches; rejects when it can't any more. Returns everything and forgets it. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.isClosed) throw new Error(`closed before ${pattern}: ${JSON.stringify(this.received)}`);
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
    const all = this.received;
    this.received = '';
    return all;
  }

  /** Everything until the connection is closed. */
  async rest(): Promise<string> {
    while (!this.isClosed) await new Promise<void>((resolve) => this.#changed.push(resolve));
    return this.received;
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

/** How a forwarded request ended. */
export interface End {
  readonly failure: ForwardFailure | null;
  readonly answered: boolean;
}

export interface Listening {
  readonly port: number;
  readonly server: WireServer;
}

export class Fixture {
  readonly wire: Wire;
  readonly #test: TestContext;

  constructor(wire: Wire, context: TestContext) {
    this.wire = wire;
    this.#test = context;
  }

  async gateway(handle: (exchange: ServerExchange) => void, options: Partial<ServerOptions> = {}): Promise<Listening> {
    const server = this.wire.createServer({ ...serverOptions, ...options }, handle);
    const port = await server.listen({ host: '127.0.0.1', port: 0, reusePort: false });
    this.#test.after(() => server.drain(0));
    return { port, server };
  }

  upstream(port: number, options: Partial<UpstreamOptions> = {}): Upstream {
    const upstream = this.wire.createUpstream({
      origin: `http://127.0.0.1:${port}`,
      connectTimeout: 2_000,
      maxConnections: 0,
      idleTimeout: 4_000,
      ...options,
    });
    this.#test.after(() => upstream.close());
    return upstream;
  }

  /** A server of raw connections. */
  async backend(accept: (peer: Peer) => unknown, server: Server = createServer()): Promise<number> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
    });
    server.on('setSecureContext' in server ? 'secureConnection' : 'connection', async (socket: Socket) => {
      try {
        await accept(new Peer(socket));
      } catch {
        // The connection was closed before all had come; the gateway's side of the story is what is tested.
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#test.after(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  }

  /** A back end that gets a request, as far as `pattern`, and says no more than `begin`; `arrived` is its connection then. */
  async holding(pattern = /\r\n\r\n/, begin = ''): Promise<{ port: number; arrived: Promise<Peer> }> {
    const { promise: arrived, resolve } = Promise.withResolvers<Peer>();
    const port = await this.backend(async (peer) => {
      await peer.until(pattern);
      peer.send(begin);
      resolve(peer);
    });
    return { port, arrived };
  }

  /** A back end that answers each request head it gets with the same bytes. */
  answering(bytes: string, server?: Server): Promise<number> {
    return this.backend(async (peer) => {
      for (;;) {
        await peer.until(/\r\n\r\n/);
        peer.send(bytes);
      }
    }, server);
  }

  async client(port: number): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false });
    this.#test.after(() => socket.destroy());
    await once(socket, 'connect');
    return new Peer(socket);
  }

  /** A gateway that forwards everything to one upstream; `ended` tells how each request went. */
  async proxy(
    upstream: Upstream,
    changes: Partial<ForwardRequest> & { edits?: HeadEdits } = {},
    options: Partial<ServerOptions> = {},
  ) {
    const ends: End[] = [];
    const waiting: ((end: End) => void)[] = [];
    const heads: { status: number; head: (name: string) => string | undefined }[] = [];
    const listening = await this.gateway((exchange) => {
      exchange.forward(
        { upstream, target: exchange.target, remove: [], set: [], timeout: 60_000, ...changes },
        {
          onHead(status: number, head: AnswerHead) {
            heads.push({ status, head: (name) => head.header(name) });
            return changes.edits ?? null;
          },
          onEnd(failure, answered) {
            const end = { failure, answered };
            const next = waiting.shift();
            if (next) next(end);
            else ends.push(end);
            if (failure !== null && !answered)
              exchange.respond({ status: 502, fields: [['x-failure', failure]], body: failure });
          },
        },
      );
    }, options);
    /** The end of the next request. */
    const ended = (): Promise<End> => {
      const end = ends.shift();
      return end ? Promise.resolve(end) : new Promise((resolve) => waiting.push(resolve));
    };
    return { ...listening, ended, heads };
  }
}

/** Declares one case of the suite. */
export type Case = (name: string, run: (fixture: Fixture) => Promise<void>) => void;

/** Cases over a wire; those named in `excused` are skipped, and must exist. */
export function casesOf(wireName: string, wire: Wire, excused: Set<string>): Case {
  return (name, run) => {
    const skip = excused.delete(name) ? 'not built in this wire' : false;
    test(`${wireName}: ${name}`, { skip, timeout: 20_000 }, (context) => run(new Fixture(wire, context)));
  };
}

/** Resolves when a number has stopped changing. For what is expected to come to a halt by back-pressure. */
export async function settled(read: () => number): Promise<number> {
  let last = -1;
  let same = 0;
  while (same < 8) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const now = read();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}
