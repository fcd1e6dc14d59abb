/**
 * The event hub: what gateways follow. Every change that the store commits goes to them in the same tick, as lines of
 * JSON (`core/events.ts`), and every second the number of the newest one, so that silence means a dead hub.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ChangeLog } from '../adapters/stores/store.ts';
import { type ChangeEvent, type HeadEvent, type Position, parsePosition, type ReloadEvent } from '../core/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { RestError } from '../platform/rest-error.ts';
import { type ConnectedGateway, type Peer, peerOf } from './connected-gateway.ts';
import { type Batch, EventReader, eventLine } from './event-reader.ts';
import { LineStream } from './line-stream.ts';
import { Snapshots } from './snapshots.ts';
import { trimChanges } from './trim-changes.ts';

export interface HubDeps {
  readonly changes: ChangeLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: HubOptions;
  /** Only enrolled gateways may read: the streams hold everything. */
  readonly isEnrolledGateway: (request: FastifyRequest) => boolean;
  /** Whether a request has the certificate of one that was expelled; default: none has. */
  readonly isExpelledGateway?: (request: FastifyRequest) => boolean;
}

export interface HubOptions {
  /** Milliseconds between heartbeats. Gateways give a silent hub up after 3000. */
  readonly heartbeat: number;
  /** Hours that changes are kept. A gateway that was away for longer needs a snapshot. */
  readonly changeLogRetention: number;
}

export interface Hub {
  /** Whose event streams are open here. Another node has others. */
  readers(): ConnectedGateway[];
}

/**
 * Mounts `GET /internal/data/v1/events?after=epoch:number[:at]` and `GET /internal/data/v1/snapshot`, and removes old
 * changes from the log every hour. Event streams end when the server closes.
 */
export function mountHub(app: FastifyInstance, deps: HubDeps): Hub {
  const { changes, clock, log, options } = deps;
  const readers = new Map<EventReader, Peer & { readonly since: number }>();
  const snapshots = new Snapshots(changes);
  /** The last number that was announced here. */
  let announced = 0;
  /** Epoch of the streams that are open. */
  let epoch: string | undefined;
  let beating = false;
  let failing = false;

  const unsubscribe = changes.onCommit((events) => {
    // The commit has happened: nothing that goes wrong here may look like its failure.
    try {
      const batch = serialize(events);
      announced = Math.max(announced, batch.last);
      for (const reader of readers.keys()) reader.offer(batch);
    } catch (error) {
      log.error({ err: error }, 'changes could not be sent to gateways');
      for (const reader of readers.keys()) reader.cut();
    }
  });

  const beat = async (): Promise<void> => {
    if (readers.size === 0 || beating) return;
    beating = true;
    const before = announced;
    const audience = [...readers.keys()];
    try {
      // From the store, not from memory: a head confirms that nothing was missed, also of other nodes' commits.
      const head = await changes.head();
      if (head.epoch !== epoch || head.number < before) {
        log.error(
          { head, epoch, announced: before },
          'the store is another one now, or went back; gateways load everything anew',
        );
        for (const reader of audience) reader.reload(line({ type: 'reload', ...head }));
        epoch = head.epoch;
        announced = head.number;
        return;
      }
      const text = line({ type: 'head', ...head });
      for (const reader of audience) reader.beat(head.number, text);
      failing = false;
    } catch (error) {
      if (!failing) log.error({ err: error }, 'the store does not say its newest change; gateways get no heartbeat');
      failing = true;
    } finally {
      beating = false;
    }
  };

  const heartbeat = setInterval(() => void beat(), options.heartbeat).unref();
  const endTrimming = trimChanges({ changes, clock, log, retention: options.changeLogRetention });
  app.addHook('preClose', async () => {
    clearInterval(heartbeat);
    endTrimming();
    unsubscribe();
    for (const reader of readers.keys()) reader.close();
  });

  app.register(async (routes) => {
    routes.addHook('onRequest', async (request) => {
      if (deps.isEnrolledGateway(request)) return;
      throw new RestError(
        403,
        deps.isExpelledGateway?.(request)
          ? 'This gateway was expelled; a new code (postern gateways invite) enrols it again.'
          : 'Only enrolled gateways may read this; the request needs the client certificate of one.',
      );
    });

    routes.get('/internal/data/v1/events', { exposeHeadRoute: false }, async (request, reply) => {
      const position = readAfter(request.query);
      const head = await changes.head();
      epoch ??= head.epoch;
      const stream = new LineStream(reply);
      const isOurs = position.epoch === head.epoch && position.number <= head.number && (await changes.has(position));
      if (!isOurs) {
        return stream.end(line({ type: 'reload', ...head }));
      }
      const reader = new EventReader(stream, position.number, changes, log);
      readers.set(reader, { ...peerOf(request), since: clock.now() });
      stream.onClose(() => readers.delete(reader));
      // From here on commits reach the reader, and those before are in the log: `head` is only where it aims first.
      reader.start({ number: Math.max(head.number, announced), line: line({ type: 'head', ...head }) });
    });

    routes.get('/internal/data/v1/snapshot', { exposeHeadRoute: false }, async (request, reply) => {
      const { revocations } = request.query as Record<string, unknown>;
      await snapshots.send(() => new LineStream(reply), peerOf(request).fingerprint, revocations === 'values');
    });
  });
  return {
    readers: () => [...readers].map(([reader, peer]) => ({ ...peer, sent: reader.sent, lag: reader.lag })),
  };
}

function readAfter(query: unknown): Position {
  const after = (query as Record<string, unknown>).after;
  const position = typeof after === 'string' ? parsePosition(after) : null;
  if (!position)
    throw new RestError(400, 'The query parameter "after" must be a position: epoch:number or epoch:number:at.');
  return position;
}

function serialize(events: readonly ChangeEvent[]): Batch {
  const lines = events.map(eventLine);
  return { first: events[0]?.number ?? 0, last: events.at(-1)?.number ?? 0, lines, text: lines.join('') };
}

const line = (event: HeadEvent | ReloadEvent): string => `${JSON.stringify(event)}\n`;
