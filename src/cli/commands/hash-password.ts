/** `postern hash-password`: what a user store of the kind `file` keeps of a password. Nothing else hears of it. */
import { text } from 'node:stream/consumers';
import { hashPassword, longestPassword } from '../../adapters/user-stores/password.ts';
import { UsageError } from '../fail.ts';
import { askHidden } from '../prompt.ts';

export async function printHash(): Promise<void> {
  const password = process.stdin.isTTY ? await askTwice() : (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '' || password.length > longestPassword) {
    throw new UsageError(`expected a password of 1 to ${longestPassword} characters`);
  }
  if (/[\r\n]/.test(password)) throw new UsageError('expected one password, got several lines');
  process.stdout.write(`${await hashPassword(password)}\n`);
}

/** What is typed wrong unseen would shut its user out. */
async function askTwice(): Promise<string> {
  const password = await askHidden('Password: ', 'the password');
  if ((await askHidden('Once more: ', 'the password')) === password) return password;
  throw new UsageError('these are two different passwords');
}
