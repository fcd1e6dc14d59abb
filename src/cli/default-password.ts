/** The password of the first user, and the rule that the default one is never reachable from another machine. */
import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from './fail.ts';
import { printWarnings } from './print-warnings.ts';
import { isLoopback, type Settings, storeFile } from './settings.ts';

export const defaultPassword = 'admin';

/** The password that `admin` gets at the first start: POSTERN_ADMIN_PASSWORD, or the contents of …_FILE. */
export function initialPassword(): string {
  return givenPassword() ?? defaultPassword;
}

/**
 * At a later start: POSTERN_ADMIN_PASSWORD may stay set, as it does where containers are configured, but whoever sets
 * another one must not believe that it holds now.
 * @param isRight whether it is the password that `admin` has
 */
export async function warnOfUnusedPassword(isRight: (password: string) => Promise<boolean>): Promise<void> {
  const password = givenPassword();
  if (password === undefined || (await isRight(password))) return;
  const variable = process.env.POSTERN_ADMIN_PASSWORD_FILE === undefined ? '' : '_FILE';
  printWarnings([
    `POSTERN_ADMIN_PASSWORD${variable} has no effect: it is for the first start on a data folder, and the password of ` +
      'admin is another one since; an administrator changes it by POST /api/am/admin/v1/users/admin/reset-password',
  ]);
}

function givenPassword(): string | undefined {
  const file = process.env.POSTERN_ADMIN_PASSWORD_FILE;
  if (file !== undefined) {
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      throw new UsageError(
        `POSTERN_ADMIN_PASSWORD_FILE: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`,
      );
    }
  }
  return process.env.POSTERN_ADMIN_PASSWORD;
}

/** Whether one of the listeners can be reached from another machine. */
export function isExposed({ options }: Settings): boolean {
  return !isLoopback(options.gateway.host) || !isLoopback(options.server.host);
}

/** Before anything is made: a new store would get the default password, where others could use it. */
export function refuseExposedFirstStart(settings: Settings): void {
  // A store elsewhere is asked when it is open.
  const isFirst = settings.options.store.url === '' && !existsSync(storeFile(settings));
  if (isFirst && isExposed(settings) && initialPassword() === defaultPassword) throw defaultPasswordError();
}

export function defaultPasswordError(): UsageError {
  return new UsageError(
    'the user admin still has the default password, so Postern listens on loopback only; ' +
      'set POSTERN_ADMIN_PASSWORD (or POSTERN_ADMIN_PASSWORD_FILE) before the first start on a data folder',
  );
}
