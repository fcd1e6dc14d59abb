/**
 * The newest refresh token on disk. The configured one is worth nothing once it was used, and a key manager that sees it
 * a second time, after a restart, takes it for stolen and ends all that came of it (RFC 6819 section 5.2.2.3).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { replaceFile } from '../../../platform/durable-file.ts';
import type { EventLog } from '../../../platform/log.ts';

export interface KeptRefreshToken {
  readonly current: string;
  /** Also when it can't be written, which is logged: until the next start it is as good. */
  replace(newer: string): void;
}

/**
 * @param file readable by its owner only; its folder exists
 * @param configured what the kept one has to have come from; otherwise somebody has configured another since
 */
export function keepRefreshToken(file: string, configured: string, log: EventLog): KeptRefreshToken {
  const from = createHash('sha256').update(configured).digest('base64url');
  let current = read(file, from, log) ?? configured;
  return {
    get current() {
      return current;
    },
    replace(newer) {
      if (newer === current) return;
      current = newer;
      try {
        replaceFile(file, `${JSON.stringify({ from, refreshToken: newer })}\n`);
      } catch (error) {
        log.error({ file, reason: (error as Error).message }, 'the refresh token for introspection can not be kept');
      }
    },
  };
}

function read(file: string, from: string, log: EventLog): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') log.error({ file, reason: message }, 'the kept refresh token can not be read');
    return null;
  }
  try {
    const kept = JSON.parse(text) as { from?: unknown; refreshToken?: unknown } | null;
    if (typeof kept?.from !== 'string' || typeof kept.refreshToken !== 'string') throw new SyntaxError();
    return kept.from === from ? kept.refreshToken : null;
  } catch {
    // Its text, and what a parser says of it, may be the secret.
    log.error({ file }, 'the kept refresh token can not be read: expected an object with from and refreshToken');
    return null;
  }
}
