/** The event hub of the control plane as a source: two streams of JSON lines over HTTPS with a client certificate. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import https from 'node:https';
import { formatPosition, type HubEvent, type Position } from '../../core/events.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { Backoff } from '../../platform/backoff.ts';
import { httpsOrigin, withoutSecrets } from '../../platform/https-origin.ts';
import { LineError, LineSplitter } from '../../platform/line-splitter.ts';
import { notEnrolled, refused } from './not-enrolled.ts';
import { readEvent, readHeader, readSnapshotLine } from './read-event.ts';
import {
  type ChangeSource,
  type EventReceiver,
  type Following,
  MalformedError,
  type Snapshot,
  SourceError,
} from './source.ts';

export interface HubSourceOptions {
  /** `https://host:port` of the control plane. */
  readonly url: string;
  /** Authority of the control plane's certificate, PEM. */
  readonly ca: string;
  /** Certificate and key of this gateway, PEM. Asked for at each connection, for they may have been renewed. */
  readonly cert: string;
  readonly key: string;
  /** Milliseconds without a head or a change that is news after which the event stream is given up. Default 3000: three heartbeats. */
  readonly silence?: number;
  /** Milliseconds without a line after which a snapshot is given up. Default 3000: a hub sends while it reads. */
  readonly snapshotSilence?: number;
  /** Milliseconds between two attempts to connect, at most. Default 800: a hub that is back is noticed within a second. */
  readonly maxRetry?: number;
}

/** Milliseconds before the second attempt to connect; the first is immediate. */
const minRetry = 50;
/** A connection that held for so many milliseconds was a good one: when it breaks, the next attempt is immediate. */
const goodAfter = 5000;
/** Bytes of one entity at most. */
const maxLine = 16 * 1024 * 1024;
/** Bytes of a line that is not whole yet which count as news. */
const longLine = 4096;
/** Bytes read of an answer that is an error. */
const maxErrorBody = 4096;
const mediaType = 'application/x-ndjson';

/** @throws SourceError if the address is not that of an HTTPS server */
export function openHubSource(options: HubSourceOptions): ChangeSource {
  const origin = readOrigin(options.url);
  // Keeps TLS sessions, so that connecting again is cheap on both sides.
  const agent = new https.Agent({ keepAlive: true, ca: options.ca });
  const followings = new Set<Following>();
  const hub: Hub = {
    origin,
    get(path) {
      const { cert, key } = options;
      return https.get(`${origin}/internal/data/v1/${path}`, { agent, cert, key, headers: { accept: mediaType } });
    },
  };
  return {
    name: `event hub ${origin}`,
    follow(position, receiver) {
      const following = follow(hub, position, receiver, options);
      followings.add(following);
      return {
        restart: following.restart,
        stop() {
          following.stop();
          followings.delete(following);
        },
      };
    },
    snapshot: () => fetchSnapshot(hub, options.snapshotSilence ?? 3000),
    close() {
      for (const following of followings) following.stop();
      agent.destroy();
    },
  };
}

interface Hub {
  readonly origin: string;
  get(path: string): ClientRequest;
}

function follow(hub: Hub, position: () => Position, receiver: EventReceiver, options: HubSourceOptions): Following {
  const { silence = 3000, maxRetry = 800 } = options;
  const wait = new Backoff(Math.min(minRetry, maxRetry), maxRetry);
  let retry: NodeJS.Timeout | undefined;
  /** Ends the connection that is open. */
  let fail: ((reason: Error) => void) | null = null;
  let stopOpen = (): void => {};

  const connect = (): void => {
    const from = position();
    const began = performance.now();
    const request = hub.get(`events?after=${formatPosition(from)}`);
    const own = (reason: Error): void => {
      if (fail !== own) return;
      end();
      const advanced = position().number > from.number;
      if (advanced || performance.now() - began > goodAfter) wait.reset();
      retry = setTimeout(connect, wait.next());
      receiver.disconnected(reason);
    };
    const end = (): void => {
      fail = null;
      clearTimeout(silent);
      request.destroy();
    };
    // One limit for connecting, for the answer and between lines.
    const silent = setTimeout(() => own(new SourceError(`nothing was heard for ${silence} ms`)), silence);
    fail = own;
    stopOpen = end;
    request.on('error', (error) => own(notEnrolled(error, hub.origin)));
    request.on('response', (response) => {
      response.on('error', own);
      if (!isStream(response)) return void describe(response, hub.origin).then(own);
      receiver.connected();
      const lines = new LineSplitter(maxLine);
      let unheard = 0;
      response.on('data', (chunk: Buffer) => {
        const events: HubEvent[] = [];
        let problem: Error | null = null;
        try {
          for (const line of lines.push(chunk)) events.push(readEvent(line));
        } catch (error) {
          problem = error instanceof LineError ? new MalformedError(error.message) : (error as Error);
        }
        // What came before a line that can't be read is good.
        const before = position().number;
        if (fail === own && events.length > 0) receiver.events(events);
        // Who says nothing new is as good as silent; a long line takes its time on a slow way.
        unheard += chunk.length;
        const tells = events.some(({ type }) => type === 'head') || position().number > before;
        if (fail === own && (tells || unheard >= longLine)) {
          silent.refresh();
          unheard = 0;
        }
        if (problem) own(problem);
      });
      response.on('end', () => own(new SourceError('the event stream ended')));
    });
  };

  connect();
  return {
    restart: (reason) => fail?.(reason),
    stop() {
      clearTimeout(retry);
      stopOpen();
    },
  };
}

async function fetchSnapshot({ origin, get }: Hub, silence: number): Promise<Snapshot> {
  const request = get('snapshot?revocations=values');
  let open: { destroy(reason: Error): unknown } = request;
  const silent = setTimeout(
    () => open.destroy(new SourceError(`nothing of the snapshot came for ${silence} ms`)),
    silence,
  );
  request.on('close', () => clearTimeout(silent));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', (error) => reject(notEnrolled(error, origin)));
  });
  open = response;
  if (!isStream(response)) throw await describe(response, origin);
  const pieces = linesOf(response, () => silent.refresh());
  const first = await pieces.next();
  if (first.done) throw new SourceError('the snapshot is not whole: it has not even a header');
  const [header = '', ...rest] = first.value;
  async function* entities(): AsyncGenerator<readonly EntityChange[]> {
    let count = 0;
    let counted: number | null = null;
    try {
      for (let lines: readonly string[] | null = rest; lines !== null; ) {
        for (const line of lines) {
          if (counted !== null) throw new SourceError('the snapshot goes on after its end');
          const read = readSnapshotLine(line);
          if (typeof read === 'number') {
            counted = read;
          } else {
            count += read.length;
            yield read;
          }
        }
        const next: IteratorResult<string[], void> = await pieces.next();
        lines = next.done ? null : next.value;
      }
    } finally {
      // A reader that stops early, or an error: the rest is of no use.
      if (counted === null) request.destroy();
    }
    if (counted !== count) {
      const expected = counted === null ? 'its end' : `${counted} entities`;
      throw new SourceError(`the snapshot is not whole: expected ${expected}, got ${count} entities`);
    }
  }
  return { header: readHeader(header), entities: entities() };
}

/** The lines of an answer, as many at once as came at once. @param came called when there are some, or much of one */
async function* linesOf(response: IncomingMessage, came: () => void): AsyncGenerator<string[], void> {
  const splitter = new LineSplitter(maxLine);
  let unheard = 0;
  try {
    for await (const chunk of response) {
      const lines = splitter.push(chunk as Buffer);
      unheard += (chunk as Buffer).length;
      if (lines.length > 0 || unheard >= longLine) {
        came();
        unheard = 0;
      }
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    // What came stands; whether it is whole its reader finds out.
  }
}

function isStream(response: IncomingMessage): boolean {
  return response.statusCode === 200 && response.headers['content-type']?.split(';')[0] === mediaType;
}

/** What came instead of a stream. */
async function describe(response: IncomingMessage, origin: string): Promise<SourceError> {
  const { statusCode, headers } = response;
  let got = `${statusCode} ${headers['content-type'] ?? 'without a content type'}`;
  if (headers.location) got += ` that points to ${headers.location.slice(0, 200)}`;
  try {
    let body = '';
    for await (const chunk of response) {
      body += chunk;
      if (body.length > maxErrorBody) break;
    }
    const { description } = JSON.parse(body) as { description?: unknown };
    if (typeof description === 'string') {
      if (statusCode === 403) return refused(description.slice(0, 200), origin);
      got += `: ${description.slice(0, 200)}`;
    }
  } catch {
    // Not an error in our form: the status has to do.
  } finally {
    response.destroy();
  }
  return new SourceError(`expected 200 ${mediaType} of an event hub, got ${got}`);
}

function readOrigin(text: string): string {
  const origin = httpsOrigin(text);
  if (origin !== null) return origin;
  throw new SourceError(`the address of the control plane must be https://host:port, and is ${withoutSecrets(text)}`);
}
