/** The parameter `SAMLRequest`, as each binding has it (SAML bindings sections 3.4.4.1 and 3.5.4). */
import { inflateRawSync } from 'node:zlib';
import { readUtf8 } from '../saml/read-utf8.ts';
import { refuse } from './refuse.ts';

/** Bytes of a request at most: what is sent compressed can be a thousand times as much. */
const longest = 32_768;

/** Base64 of XML. */
export const decodePosted = (parameter: string): string => textOf(bytesOf(parameter));

/** Base64 of XML that was compressed (DEFLATE, RFC 1951). */
export function decodeRedirected(parameter: string): string {
  const bytes = bytesOf(parameter);
  try {
    return textOf(inflateRawSync(bytes, { maxOutputLength: longest }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return tooLong();
    if (code?.startsWith('Z_')) return refuse('SAMLRequest: expected base64 of DEFLATE');
    throw error;
  }
}

function bytesOf(parameter: string): Buffer {
  // In forms it may have line breaks (RFC 2045 section 6.8).
  const text = parameter.replace(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return refuse('SAMLRequest: expected base64');
  return Buffer.from(text, 'base64');
}

function textOf(bytes: Buffer): string {
  if (bytes.length > longest) return tooLong();
  return readUtf8(bytes) ?? refuse('SAMLRequest: expected UTF-8');
}

const tooLong = (): never => refuse(`SAMLRequest: expected at most ${longest} bytes of XML`);
