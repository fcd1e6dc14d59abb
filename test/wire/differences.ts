/** Where our parser and Node's differ. docs/http.md has the same list. */

import { nodeMethods } from './read-with-node.ts';
import type { Message } from './reading.ts';

/** Something that we refuse and Node takes. */
export interface Difference {
  readonly name: string;
  /** What was refused: a head's grammar, a request or answer for what it says, a chunked body; what comes after it. */
  readonly in: 'head' | 'request' | 'body' | 'rest';
  /** `bytes` begin with the message; `message` is what Node made of it. */
  readonly holds: (bytes: string, message: Message | undefined) => boolean;
}

const lineOf = (bytes: string): string => bytes.slice(0, bytes.indexOf('\r\n'));
const values = (message: Message | undefined, name: string): string[] =>
  (message?.fields ?? []).filter(([own]) => own.toLowerCase() === name).map(([, value]) => value);
const hasOddCoding = (message: Message | undefined): boolean =>
  ![undefined, 'chunked'].includes(values(message, 'transfer-encoding').join().toLowerCase() || undefined) ||
  values(message, 'transfer-encoding').includes('');
const target = (message: Message | undefined): string => message?.line.split(' ')[1] ?? '';

const both: readonly Difference[] = [
  { name: 'a line end before the message', in: 'head', holds: (bytes) => /^[\r\n]/.test(bytes) },
  {
    name: 'a version other than HTTP/1.0 and HTTP/1.1',
    in: 'head',
    holds: (bytes) => !(bytes.startsWith('HTTP/') ? /^HTTP\/1\.[01] / : / HTTP\/1\.[01]$/).test(lineOf(bytes)),
  },
  {
    name: 'more than 128 fields',
    in: 'head',
    holds: (bytes) => bytes.split('\r\n').length > 128,
  },
  { name: 'a coding other than one chunked', in: 'request', holds: (_, message) => hasOddCoding(message) },
  {
    name: 'a coding in HTTP/1.0',
    in: 'request',
    holds: (_, message) => message?.minor === 0 && values(message, 'transfer-encoding').length > 0,
  },
  {
    name: 'a length of more than 15 digits',
    in: 'request',
    holds: (_, message) => values(message, 'content-length').some((value) => value.length > 15),
  },
  {
    name: 'a chunk size of more than 12 digits',
    in: 'body',
    holds: (bytes) => /\r\n[\da-f]{13}/i.test(bytes),
  },
  {
    name: 'a chunk extension with = and no value',
    in: 'body',
    holds: (bytes) => /;[^\r\n]*=(?:\r\n|;)/.test(bytes),
  },
  {
    name: 'a trailer that says how long a message is, where it goes or what the connection does',
    in: 'body',
    holds: (bytes) =>
      /\r\n(?:host|te|content-length|transfer-encoding|expect|trailer|upgrade|connection|(?:proxy-|keep-)[a-z]+):/i.test(
        bytes.slice(bytes.indexOf('\r\n\r\n')),
      ),
  },
];

export const requestDifferences: readonly Difference[] = [
  ...both,
  { name: 'more than one blank in the request line', in: 'head', holds: (bytes) => / {2,}/.test(lineOf(bytes)) },
  {
    name: 'no Host, several, or one that is no host and port',
    in: 'request',
    holds: (_, message) => {
      const hosts = values(message, 'host');
      if (hosts.length === 0) return message?.minor === 1;
      return hosts.length > 1 || !/^(?:[\w.!~*'()$&+;=-]|%[\da-f]{2})+(?::\d{0,5})?$/i.test(hosts[0] as string);
    },
  },
  {
    name: 'a Host that is not the one of the target',
    in: 'request',
    holds: (_, message) => {
      const own = /^https?:\/\/([^/?]*)/i.exec(target(message))?.[1];
      return own !== undefined && own.toLowerCase() !== values(message, 'host')[0]?.toLowerCase();
    },
  },
  {
    name: 'what follows an HTTP/1.0 request with both close and keep-alive',
    in: 'rest',
    holds: (_, message) => message?.minor === 0 && /close/i.test(values(message, 'connection').join()),
  },
  { name: 'CONNECT', in: 'request', holds: (_, message) => message?.line.startsWith('CONNECT ') === true },
  {
    name: 'a target of another form or scheme',
    in: 'request',
    holds: (_, message) => {
      if (target(message) === '*') return !message?.line.startsWith('OPTIONS ');
      return !/^(?:\/|https?:\/\/[\w.-]+(?::\d{0,5})?(?:[/?]|$))/i.test(target(message));
    },
  },
  {
    name: 'a target with a fragment, or with " < > anywhere or \\ ` { } in its path',
    in: 'request',
    holds: (_, message) => /["<>#]|^[^?]*[\\`{}]/.test(target(message)),
  },
  {
    name: 'an expectation other than 100-continue',
    in: 'request',
    holds: (_, message) =>
      values(message, 'expect').join().toLowerCase() !== '100-continue' && values(message, 'expect').length > 0,
  },
];

export const answerDifferences: readonly Difference[] = [
  ...both,
  {
    name: 'a status of no class',
    in: 'head',
    holds: (_, message) => !(Number(message?.line) >= 100 && Number(message?.line) <= 599),
  },
  {
    name: 'a control character in the reason',
    in: 'head',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about.
    holds: (bytes) => /[\0-\x08\x0a-\x1f\x7f]/.test(lineOf(bytes)),
  },
  {
    name: 'a length or coding where no body can be (1xx, 204)',
    in: 'request',
    holds: (_, message) =>
      /^(?:1\d\d|204)$/.test(message?.line ?? '') &&
      (values(message, 'transfer-encoding').length > 0 ||
        values(message, 'content-length').some((value) => value !== '0')),
  },
  {
    name: 'an informational answer that would be the last',
    in: 'request',
    holds: (_, message) =>
      /^1\d\d$/.test(message?.line ?? '') &&
      (message?.minor === 0 || /close/i.test(values(message, 'connection').join())),
  },
  { name: '101, for nobody was asked to switch', in: 'request', holds: (_, message) => message?.line === '101' },
];

/** The only thing that we take and Node refuses: RFC 9110 9.1 leaves the names of methods open. */
export const openMethods = 'a method that Node does not know';

export function isOpenMethod(ours: Message | undefined, reason: string | undefined): boolean {
  const method = ours?.line.split(' ')[0];
  return reason?.startsWith('HPE_INVALID_METHOD') === true && method !== undefined && !nodeMethods.has(method);
}
