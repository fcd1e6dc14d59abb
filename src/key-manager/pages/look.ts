/** How the pages of this installation look: the built-in style, and what its options add to it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { OperatorError } from '../../platform/operator-error.ts';
import type { KeyManagerOptions } from '../options.ts';
import { style } from './style.ts';

export interface Look {
  /** What stands above each page; empty = nothing. */
  readonly name: string;
  readonly style: string;
  /** The style as a source of a content security policy. */
  readonly styleSource: string;
}

const maxBytes = 65_536;

/** @throws OperatorError when there is no such file, or it is no style sheet that can stand in a page */
export function readLook({ name, styleFile }: KeyManagerOptions['pages']): Look {
  const all = styleFile === '' ? style : `${style}${readStyle(styleFile)}`;
  return { name, style: all, styleSource: hashSource(all) };
}

/** What a policy allows by its content (Content Security Policy Level 3 section 2.3.1). */
export const hashSource = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function readStyle(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new OperatorError(`pages.styleFile: ${file} can not be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (bytes.length > maxBytes) {
    throw new OperatorError(`pages.styleFile: expected at most ${maxBytes} bytes, ${file} has ${bytes.length}`);
  }
  const text = decode(bytes, file);
  // It would end the style in the page. Browsers read line ends as one character, and hash what they have read.
  if (/<\/|<!--|\0/.test(text))
    throw new OperatorError(`pages.styleFile: expected a style sheet, ${file} has markup in it`);
  return text.replace(/\r\n?/g, '\n');
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new OperatorError(`pages.styleFile: expected UTF-8, which ${file} is not`);
  }
}
