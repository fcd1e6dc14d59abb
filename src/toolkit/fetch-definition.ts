/** Gets the definition that `init` is given: from a file or an address. */
import { basename, extname } from 'node:path';
import { readBounded } from '../platform/read-bounded.ts';
import { ProjectError } from './project.ts';

export interface DefinitionSource {
  /** Path of a file, or an http or https address. */
  readonly from: string;
  /** Sent with the request for an address; never to another origin that it leads to. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Believe any certificate. */
  readonly insecure: boolean;
}

export interface FetchedDefinition {
  /** Of the file in the project. */
  readonly name: string;
  readonly text: string;
}

/** Bytes. */
const maxLength = 8 * 1024 * 1024;
/** Milliseconds for an address to answer whole. */
const timeLimit = 30_000;
const maxRedirects = 5;

/** @throws ProjectError */
export async function fetchDefinition(source: DefinitionSource): Promise<FetchedDefinition> {
  if (/^https?:\/\//i.test(source.from)) return download(source);
  try {
    const text = decode(readBounded(source.from, { maxBytes: maxLength, anyKind: true }));
    return { name: fileName(source.from, text), text };
  } catch (error) {
    if (error instanceof ProjectError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : message;
    throw new ProjectError(`can't read the definition ${source.from}: ${why}`);
  }
}

async function download({ from, headers, insecure }: DefinitionSource): Promise<FetchedDefinition> {
  const { Agent, fetch } = await import('undici');
  const dispatcher = new Agent({ connect: { rejectUnauthorized: !insecure } });
  const failed = (why: string): ProjectError =>
    new ProjectError(`can't get the definition from ${shown(from)}: ${why}`);
  const signal = AbortSignal.timeout(timeLimit);
  try {
    let url = new URL(from);
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const own =
        url.origin === new URL(from).origin ? headers.map(([name, value]): [string, string] => [name, value]) : [];
      const response = await fetch(url, { dispatcher, headers: own, redirect: 'manual', signal });
      const location = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && location !== null) {
        const next = URL.parse(location, url);
        if (!next || !/^https?:$/.test(next.protocol)) throw failed(`it leads to '${location}'`);
        if (url.protocol === 'https:' && next.protocol === 'http:') throw failed('it leads from https to http');
        url = next;
        await response.body?.cancel();
        continue;
      }
      if (!response.ok) throw failed(`it answers ${response.status}`);
      const pieces: Uint8Array[] = [];
      let length = 0;
      for await (const piece of response.body ?? []) {
        length += piece.length;
        if (length > maxLength) throw failed(`it is longer than ${maxLength} bytes`);
        pieces.push(piece);
      }
      const text = decode(Buffer.concat(pieces));
      return { name: fileName(decodeURIComponent(url.pathname), text), text };
    }
    throw failed(`it leads on more than ${maxRedirects} times`);
  } catch (error) {
    if (error instanceof ProjectError) throw error;
    throw failed(reason(error as Error));
  } finally {
    await dispatcher.close();
  }
}

function reason(error: Error): string {
  if (error.name === 'TimeoutError') return `no answer in ${timeLimit / 1000} s`;
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  const why = cause?.message || cause?.code || error.message;
  const isCertificate = /certificate|self-signed|CERT|altname/i.test(`${cause?.code} ${why}`);
  return isCertificate ? `${why}; --insecure believes any certificate` : why;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ProjectError('the definition is no UTF-8 text');
  }
}

/** With the ending that the toolkit looks for. */
function fileName(path: string, text: string): string {
  const name = basename(path).replace(/[^\w.-]/g, '_');
  if (/^\.(ya?ml|json)$/i.test(extname(name))) return name;
  return `${name === '' || name.startsWith('.') ? 'openapi' : name}.${text.trimStart().startsWith('{') ? 'json' : 'yaml'}`;
}

/** Without credentials and query, which may hold secrets. */
function shown(address: string): string {
  const url = URL.parse(address);
  return url ? `${url.origin}${url.pathname}` : address;
}
