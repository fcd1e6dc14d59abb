/** A password that stands in a file, or comes on standard input, where nobody else on the machine sees it. */
import { text } from 'node:stream/consumers';
import { askHidden } from './prompt.ts';
import { readFile } from './read-file.ts';

/**
 * The text without the end of its line.
 * @param file `-` = standard input; at a terminal it is asked for
 * @param question that is asked there, such as `Passphrase: `
 */
export async function readPassword(file: string, question: string): Promise<string> {
  if (file === '-' && process.stdin.isTTY) return askHidden(question, 'the password');
  return (file === '-' ? await text(process.stdin) : readFile(file).toString()).replace(/\r?\n$/, '');
}
