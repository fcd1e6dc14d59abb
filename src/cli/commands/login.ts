/** `postern login`: the password is sent once, to register a client and get tokens, and kept nowhere. */
import { text } from 'node:stream/consumers';
import { UsageError } from '../fail.ts';
import { askHidden, askLine } from '../prompt.ts';
import { findEnvironment } from '../remote/environments.ts';
import { openHttp } from '../remote/http.ts';
import { logIn } from '../remote/log-in.ts';
import { note } from '../remote/progress.ts';
import { readSession, writeSession } from '../remote/sessions.ts';

export interface LoginOptions {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
  readonly insecure?: boolean;
}

export async function login(name: string, options: LoginOptions): Promise<void> {
  const environment = findEnvironment(name);
  const user = options.username ?? (await askLine(`User of ${name}: `, '--username'));
  const password = await passwordOf(user, options);
  const http = openHttp(environment, { insecure: options.insecure ?? false });
  try {
    writeSession(name, await logIn(http, environment, user, password));
  } catch (error) {
    const { user: before = null } = readSession(name) ?? {};
    if (before !== null) note(`${user} was not logged in to ${name}; ${before} still is`);
    throw error;
  } finally {
    await http.close();
  }
  note(`logged in to ${name} as ${user}`);
}

async function passwordOf(user: string, { password, passwordStdin }: LoginOptions): Promise<string> {
  if (password !== undefined && passwordStdin)
    throw new UsageError('expected --password or --password-stdin, not both');
  if (password !== undefined) {
    note('others on this machine may see a password on the command line; --password-stdin keeps it from them');
    return password;
  }
  if (!passwordStdin) return askHidden(`Password of ${user}: `, '--password-stdin');
  const given = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (given === '') throw new UsageError('--password-stdin: there was no password on standard input');
  return given;
}
