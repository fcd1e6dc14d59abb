/**
 * The interface of the wire: HTTP as the gateway sees it, whichever implementation carries the bytes.
 *
 * It is shaped by what is cheap. A request head is never an object of headers: a stage asks for the one field that it
 * needs. A request is not read and written again by us: `forward` hands it to an upstream and its answer back, both
 * bodies streaming inside the wire, while the caller only says what is to be changed in the heads. Nothing here is a
 * promise, except what happens once per listener.
 */

import type { X509Certificate } from 'node:crypto';

/** A header field. Names in lower case. */
export type Field = readonly [name: string, value: string];

/** An answer that we make ourselves. The wire adds `date`, `content-length` and connection fields. */
export interface LocalAnswer {
  readonly status: number;
  readonly fields: readonly Field[];
  readonly body: string;
}

/**
 * One request of a client, and the ways to answer it. A connection of HTTP/1.1 has one exchange at a time: what a client
 * pipelines waits, most of it unread, until the answer before it has been sent. One of HTTP/2 has one for each stream. It can be read until the code that ended it (the caller of
 * `respond`, or `onEnd`) has returned; then its bytes may already belong to the connection's next request.
 */
export interface ServerExchange {
  readonly method: string;
  /** Request target in origin form, exactly as sent: path and query. Absolute form is reduced to it. */
  readonly target: string;
  /** Of HTTP, as the client speaks it: `1.1`. */
  readonly version: string;
  /** Came over TLS. */
  readonly secure: boolean;
  readonly remoteAddress: string;
  /**
   * What the client has shown in its handshake, or in that of the session which it resumed, and has the key of. Who issued
   * it and whether it is over has not been looked at. The same object for all exchanges of a connection; null = none.
   */
  readonly clientCertificate: X509Certificate | null;
  /**
   * What the handler keeps for later requests of the same connection; null at first, and again when the connection has had
   * none for a moment. A list of fields to `set` that is the same object again costs little.
   */
  kept: unknown;
  /** `localhost:8243`, from the Host field (RFC 9112 3.2). */
  readonly host: string;
  /**
   * The protocol that the client asks to switch to (RFC 9110 7.8), one of `ServerOptions.upgrades`; null = none of them.
   * A request with a body, of HTTP/1.0, for a choice of several protocols, or for a WebSocket without its handshake is an
   * ordinary one.
   */
  readonly upgrade: string | null;
  /** Null until the upstream has switched to another protocol. */
  readonly tunnel: Tunnel | null;
  /**
   * The value of a field (name in lower case), several lines joined by `, ` (`cookie` by `; `); undefined = not sent.
   */
  header(name: string): string | undefined;
  /**
   * Answers locally. Exactly one of `respond` and a `forward` that got to `onHead` ends an exchange; after that, and
   * when the client is gone, it does nothing. A field that would split the head is left out. What the client still sends of its body is read and dropped if it is
   * little; otherwise the connection is closed after the answer.
   */
  respond(answer: LocalAnswer): void;
  /**
   * Sends the request to an upstream and, unless it fails before that, the upstream's answer to the client.
   * Hop-by-hop fields (RFC 9110 7.6.1) are removed both ways, and trailers. The upstream gets its own name as Host,
   * unless `set` has one. A client's field that would be removed or replaced if its underscores were hyphens
   * (`X_Forwarded_For`) is not passed on either: behind CGI and WSGI both are one. The handler may be called before this returns. After a failure without an answer, a request
   * without a body can be forwarded again; after `unreachable` also one with a body, of which nothing was sent.
   */
  forward(request: ForwardRequest, handler: ForwardHandler): void;
}

/** What is left of an exchange when both sides have switched to another protocol: bytes, both ways. */
export interface Tunnel {
  /** Bytes that have come from the client, and from the upstream, behind their heads. */
  readonly fromClient: number;
  readonly fromUpstream: number;
  /** Closes both connections at once. `onEnd` has been called with `cut` when it returns; later it does nothing. */
  cut(): void;
}

export interface ForwardRequest {
  readonly upstream: Upstream;
  /** Path and query to ask the upstream for. */
  readonly target: string;
  /** Fields not to pass on, names in lower case. */
  readonly remove: readonly string[];
  /** Fields to add, or to put in place of the client's. */
  readonly set: readonly Field[];
  /**
   * Milliseconds from the end of the request until the answer's head must be there; before, the longest time in which the
   * upstream takes none of a body that is there; afterwards, the longest silence in its answer's.
   */
  readonly timeout: number;
  /**
   * Passes the exchange's `upgrade` on, if it has one. Should the upstream agree (101), `onHead` is called as for
   * any answer and the exchange becomes a tunnel; any other answer is an ordinary one. Without it, whatever the client asks
   * for, the upstream sees a request without an upgrade.
   */
  readonly upgrade?: boolean;
  /** Passes the client's `ServerOptions.reserved` fields on: it is one that may send them. */
  readonly keepsReserved?: boolean;
}

/** What is told about a forwarded request. The exchange object itself can implement it, so that none is allocated. */
export interface ForwardHandler {
  /**
   * The answer's head is there and about to be sent to the client. Returns what to change in it, or null.
   * Informational answers (1xx) are not reported, but for the 101 with which a tunnel begins. `head` can be read only
   * during the call.
   */
  onHead(status: number, head: AnswerHead): HeadEdits | null;
  /**
   * Exactly once, last. Without `failure`, the answer went to the client whole, or both sides have closed a tunnel. With one and `answered` false, the
   * client has had nothing yet: the handler owes it a `respond`. With `answered` true the wire has already cut the
   * connection (of HTTP/2: reset the stream), which is how a client is told that an answer is incomplete. After `client-gone` nobody is left
   * to answer.
   */
  onEnd(failure: ForwardFailure | null, answered: boolean): void;
}

export interface AnswerHead {
  header(name: string): string | undefined;
}

export interface HeadEdits {
  readonly remove: readonly string[];
  /** One that would split the head is left out. */
  readonly set: readonly Field[];
}

/**
 * Why an upstream did not answer: no connection, no head in time, connection closed before the answer was whole,
 * not HTTP; or the client went away first. Of a tunnel: `timeout` = silence, `closed` = the upstream broke it off, `cut` =
 * we did. A client that closes its side of the connection may have left, or may only
 * want to send no more; the wire cannot tell which until it writes. `net` answers requests that came whole before, and
 * takes the client for gone when it has had nothing to send it for a second; `node` takes it for gone at once.
 */
export type ForwardFailure = 'unreachable' | 'timeout' | 'closed' | 'malformed' | 'client-gone' | 'cut';

/** A back end's origin with its pooled connections. */
export interface Upstream {
  readonly origin: string;
  /** Idle connections are closed; requests in flight go on, and so do those that are forwarded only now. */
  close(): void;
  /** Shows this certificate on every connection that is opened from now on; idle ones are closed. */
  present(clientCertificate: ClientCertificate): void;
}

export interface UpstreamOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  /** Milliseconds to establish a connection (and its TLS), or, give or take a second, to wait for a free one. */
  readonly connectTimeout: number;
  /** Connections at most; requests beyond wait. 0 = no limit. */
  readonly maxConnections: number;
  /** Milliseconds after which an unused connection is closed. */
  readonly idleTimeout: number;
  /** PEM certificates that are trusted besides the system's. */
  readonly ca?: readonly string[];
  /** To show where it is asked for (mutual TLS). */
  readonly clientCertificate?: ClientCertificate;
  /**
   * `offered`: HTTP/2 if an https origin chooses it (ALPN), otherwise HTTP/1.1, in which upgrades are always asked for. `only`:
   * HTTP/2 from the first byte, which is how it is spoken without TLS; it has no upgrades. Absent = HTTP/1.1. A wire that
   * has no HTTP/2 speaks HTTP/1.1 for `offered`, and throws a TypeError for `only`.
   */
  readonly http2?: 'offered' | 'only';
}

/** PEM certificate chain and key. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A request that never became an exchange. */
export type RequestDefect =
  | 'malformed'
  /** It is plain HTTP, on a port for TLS. */
  | 'without-tls'
  | 'head-too-large'
  | 'target-too-long'
  | 'body-too-large'
  | 'timeout'
  | 'too-many-connections'
  /** It asks for one of `upgrades`, and this wire can't switch. */
  | 'upgrade-not-built';

export interface ServerOptions {
  /** Absent = plain HTTP. */
  readonly tls?: ServerTls;
  /** Bytes of a request head at most. */
  readonly maxHeadSize: number;
  /** Bytes of a request target at most. */
  readonly maxTargetLength: number;
  /** Bytes of a request body at most; 0 = no limit, which is the default. */
  readonly maxBodySize?: number;
  /** Requests that a connection carries at most; the last answer closes it. 0 = no limit, which is the default. */
  readonly maxRequests?: number;
  /** Connections from one address at the same time; more are closed. 0 = no limit, which is the default. */
  readonly maxConnectionsPerAddress?: number;
  /** Milliseconds for a request head to arrive, and before it for the handshake of TLS. */
  readonly headTimeout: number;
  /** Milliseconds an idle connection is kept. */
  readonly keepAliveTimeout: number;
  /**
   * Milliseconds without progress while the client has to send its body or to read its answer, or in all for the
   * rest of a body after a local answer; then its connection is cut. Default 30000.
   */
  readonly bodyTimeout?: number;
  /**
   * May clients speak HTTP/2: by ALPN, and without TLS from the first byte (prior knowledge)? Default true; a wire that has
   * no HTTP/2 says so to neither.
   */
  readonly http2?: boolean;
  /**
   * Protocols that requests may ask to switch to, in lower case (`websocket`). From a request for any other, `Upgrade` is
   * dropped, so that it is an ordinary one. Default: none.
   */
  readonly upgrades?: readonly string[];
  /**
   * Milliseconds without a byte either way after which a tunnel is cut. Default 300000. Once one side has closed, or
   * does not take what is sent to it, it is `bodyTimeout` if that is less.
   */
  readonly tunnelTimeout?: number;
  /**
   * Fields that are not passed on from clients unless `ForwardRequest.keepsReserved` says so, names in lower case; one that
   * ends in `*` means all that begin so. They can be read and set. Default: none.
   */
  readonly reserved?: readonly string[];
  /** The answer to a request, or a connection, that is not taken; the connection is closed after it. */
  readonly refuse: (defect: RequestDefect) => LocalAnswer;
}

export interface ServerTls {
  /** PEM certificate chain and key. */
  readonly cert: string;
  readonly key: string;
  /** 48 bytes: clients resume their sessions at every server that has the same. Default: its own. */
  readonly ticketKeys?: Uint8Array | undefined;
  /**
   * Ask each client for a certificate, of whatever issuer; it need not have one. Default false. Sessions of before have none:
   * it wants other ticket keys.
   */
  readonly asksForCertificate?: boolean;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 = a free one. */
  readonly port: number;
  /** Let several threads listen on one port (the kernel spreads connections by hash). */
  readonly reusePort: boolean;
}

export interface WireServer {
  /** Resolves with the port; rejects with the system's error (`EADDRINUSE`, …). */
  listen(options: ListenOptions): Promise<number>;
  /**
   * Stops accepting once the queue of accepted connections is empty, ends idle connections, lets requests in flight
   * finish (`connection: close`) and resolves; whatever is left after `timeout` milliseconds is cut.
   */
  drain(timeout: number): Promise<void>;
  /**
   * Shakes hands by these from now on; connections go on. Of a server with TLS only. Where clients begin to be asked for a
   * certificate, a connection of before has none, and ends with its next answer.
   */
  useTls(tls: ServerTls): void;
}

/** One implementation of all this. */
export interface Wire {
  createServer(options: ServerOptions, handle: (exchange: ServerExchange) => void): WireServer;
  createUpstream(options: UpstreamOptions): Upstream;
}
