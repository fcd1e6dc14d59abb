/**
 * What one connection of HTTP/2 may take up, besides the limits that are options. They are constants because they follow from
 * each other and from the protocol, not from what a gateway is used for.
 */

/** Requests under way at the same time (RFC 9113 5.1.2 recommends no fewer than 100). */
export const maxStreams = 100;

/**
 * Bytes of a request's body that are taken before somebody wants them; with `maxStreams` 6.5 MB a connection. It is the window
 * that every stream begins with (RFC 9113 6.9.2).
 */
export const requestWindow = 65_535;

/** Bytes of an answer that a back end may be ahead of the client. */
export const answerWindow = 262_144;

/**
 * Requests that a client gives up before their answer (or whose stream it breaks). Each has cost us a request to a back end, which is
 * all that a rapid reset is about (CVE-2023-44487): a page that is left gives up as many as it has under way, once or twice.
 */
export const givenUp = { burst: 2 * maxStreams, perSecond: 20 };

/**
 * Bytes that are neither a head nor a body: floods of PING, SETTINGS, WINDOW_UPDATE, PRIORITY, empty frames and what nobody knows. One
 * frame has at least 9 bytes, so that it is some thousand frames a second. See `ServerSession`.
 */
export const asides = { burst: 262_144, perSecond: 65_536 };

/** Of the bytes that we send, the part that a client may send in addition to say that it has got them (WINDOW_UPDATE). */
export const acknowledging = 1 / 16;

/** Bytes of asides that come with a piece of a body: its frame's head, and padding. */
export const aroundPiece = 64;

/** Bytes of asides that come with a request: heads of frames, and a PING, WINDOW_UPDATE or RST_STREAM or two. */
export const aroundRequest = 256;

/**
 * Bytes of a head that we send at most. What came with it is limited by `maxHeadSize` (1 MiB at most), and what is added is our own;
 * but beyond this limit `node:http2` ends the whole connection, with the requests of others on it.
 */
export const longestHead = 4_194_304;

/** Milliseconds between a GOAWAY that only warns and the last one: what the client has sent by then is served. */
export const drainNotice = 200;

/** Milliseconds for a client to close its side of a connection that we have ended. */
export const lingerTime = 2_000;
