/**
 * Heads of HTTP/2 as heads of HTTP/1.1: they are written as such and read by the one strict parser, so that a request is the same
 * request, and refused for the same reasons, by whichever version it came. It is also the form in which an exchange
 * keeps them, whatever version its upstream speaks.
 */
import { STATUS_CODES } from 'node:http';
import { type AcceptedRequest, accept } from '../net/accept.ts';
import { Head, maxFields } from '../net/head.ts';
import { ReservedFields } from '../reserved.ts';
import type { RequestDefect } from '../wire.ts';

/** RFC 9113 8.2.2. `te` is in a request what it is in HTTP/1.1, and goes no further. */
const connectionSpecific = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

export interface HeadLimits {
  readonly maxHeadSize: number;
  readonly maxTargetLength: number;
}

const noneReserved = new ReservedFields([]);

export interface ReadRequest extends AcceptedRequest {
  readonly head: Head;
}

/**
 * @param raw names and values as they came: name, value, name, value
 * @param hasBody frames of a body follow
 * @param reserved names of fields that clients have no say in
 */
export function readRequest(
  raw: readonly string[],
  hasBody: boolean,
  limits: HeadLimits,
  reserved = noneReserved,
): ReadRequest | RequestDefect {
  let method = '';
  let path = '';
  let scheme = '';
  let authority: string | undefined;
  let host: string | undefined;
  let cookie: string | undefined;
  let lines = '';
  /** Fields that the parser has to find, or one of them has a line end in it. */
  let count = 1;
  let hasLength = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    switch (name) {
      case ':method':
        method = value;
        break;
      case ':path':
        path = value;
        break;
      case ':scheme':
        scheme = value;
        break;
      case ':authority':
        authority = value;
        break;
      case 'host':
        if (host !== undefined) return 'malformed';
        host = value;
        break;
      case 'cookie':
        // RFC 9113 8.2.3: crumbs are one cookie again outside of HTTP/2.
        if (cookie === undefined) count++;
        cookie = cookie === undefined ? value : `${cookie}; ${value}`;
        break;
      default:
        if (name.includes(':') || connectionSpecific.has(name)) return 'malformed';
        if (name === 'te' && value !== 'trailers') return 'malformed';
        if (name === 'content-length') hasLength = true;
        lines += `${name}: ${value}\r\n`;
        count++;
    }
  }
  // RFC 9113 8.3.1: a request goes to one host only, and CONNECT has neither path nor scheme.
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    return 'malformed';
  if ((scheme !== 'http' && scheme !== 'https') || (!path.startsWith('/') && path !== '*')) return 'malformed';
  if (path.length > limits.maxTargetLength) return 'target-too-long';
  if (cookie !== undefined) lines += `cookie: ${cookie}\r\n`;
  if (hasBody && !hasLength) {
    lines += 'transfer-encoding: chunked\r\n';
    count++;
  }
  const bytes = Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: ${authority ?? host ?? ''}\r\n${lines}\r\n`, 'latin1');
  if (bytes.length > limits.maxHeadSize) return 'head-too-large';
  const head = new Head(Math.min(count, maxFields));
  head.reserved = reserved;
  const parsed = head.parseRequest(bytes);
  if (parsed === 'too-many-fields' && count > maxFields) return 'head-too-large';
  if (parsed !== 'complete' || head.count !== count || head.end !== bytes.length) return 'malformed';
  const request = accept(head);
  return request ? { ...request, head } : 'malformed';
}

/** Answers are looked at while they are passed on, and no longer: one head serves all. */
const answerHead = new Head();

/** Null = malformed. */
export function readAnswer(raw: readonly string[]): Head | null {
  let status = '';
  let lines = '';
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name === ':status') {
      status = raw[i + 1] as string;
      continue;
    }
    if (name.includes(':') || connectionSpecific.has(name)) return null;
    lines += `${name}: ${raw[i + 1]}\r\n`;
    count++;
  }
  const bytes = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`, 'latin1');
  const parsed = answerHead.parseAnswer(bytes);
  return parsed === 'complete' && answerHead.count === count && answerHead.end === bytes.length ? answerHead : null;
}
