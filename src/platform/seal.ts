/**
 * The store key: 32 bytes in a file outside the database. It seals what must be shown again (AES-256-GCM) and derives
 * what must be handed out again (HMAC-SHA256), so that a stolen database yields neither.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, linkSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { OperatorError } from './operator-error.ts';

export interface Seal {
  /**
   * Encrypts a text. `context` says what it is for and whose it is (`client-secret`, consumer key): a sealed text that
   * was moved to another place does not open there.
   */
  seal(text: string, ...context: readonly string[]): string;
  /** @throws SealError when the text was changed, belongs to another context or was sealed under another key. */
  open(sealed: string, ...context: readonly string[]): string;
  /** The same 43 characters (base64url) for the same purpose and parts, unpredictable without the key. */
  derive(purpose: string, ...parts: readonly string[]): string;
}

/** The key file or a sealed text can't be used; the message says which and why. */
export class SealError extends OperatorError {
  override name = 'SealError';
}

const keyLength = 32;
const ivLength = 12;
const tagLength = 16;

/**
 * The seal whose key is in `file`; the file is made, readable by its owner only, if there is none.
 * @throws SealError when the file is malformed or others may read it.
 */
export function openSeal(file: string): Seal {
  const key = readKey(file) ?? makeKey(file);
  // One key for each use, so that a weakness of one construction tells nothing about the other.
  const sealing = Buffer.from(hkdfSync('sha256', key, '', 'postern seal', keyLength));
  const deriving = Buffer.from(hkdfSync('sha256', key, '', 'postern derive', keyLength));
  return {
    seal(text, ...context) {
      const iv = randomBytes(ivLength);
      const cipher = createCipheriv('aes-256-gcm', sealing, iv).setAAD(join(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(sealed, ...context) {
      const bytes = Buffer.from(sealed, 'base64url');
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealing, bytes.subarray(0, ivLength), {
          authTagLength: tagLength,
        });
        decipher.setAAD(join(context)).setAuthTag(bytes.subarray(ivLength, ivLength + tagLength));
        return decipher.update(bytes.subarray(ivLength + tagLength), undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new SealError(
          `what is sealed in the store (${context[0] ?? 'text'}) does not open with the store key in ${file}; is the key file of this store?`,
          { cause },
        );
      }
    },
    derive: (purpose, ...parts) =>
      createHmac('sha256', deriving)
        .update(join([purpose, ...parts]))
        .digest('base64url'),
  };
}

/** Length before content: no two lists of parts make the same bytes. */
function join(parts: readonly string[]): Buffer {
  return Buffer.from(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''));
}

function readKey(file: string): Buffer | null {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new SealError(`the store key ${file} can't be read: ${(error as Error).message}`);
  }
  try {
    const { mode } = fstatSync(fd);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8);
      throw new SealError(
        `others may read the store key ${file} (mode ${shown}); expected mode 600: chmod 600 ${file}`,
      );
    }
    const text = readFileSync(fd, 'latin1').trim();
    const key = Buffer.from(text, 'base64url');
    if (key.length !== keyLength || key.toString('base64url') !== text) {
      throw new SealError(`the store key ${file} is malformed; expected ${keyLength} bytes in base64url on one line`);
    }
    return key;
  } finally {
    closeSync(fd);
  }
}

/** Written beside and linked into place: a crash leaves no half key, and of two processes one key wins. */
function makeKey(file: string): Buffer {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(draft, `${randomBytes(keyLength).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new SealError(`the store key ${file} can't be made: ${(error as Error).message}`);
    }
  } finally {
    try {
      unlinkSync(draft);
    } catch {
      // It was never written.
    }
  }
  const key = readKey(file);
  if (!key) throw new SealError(`the store key ${file} disappeared while it was made`);
  return key;
}
