/**
 * A file of users:
 *
 *     [users.mary]
 *     password = "$argon2id$v=19$m=19456,t=2,p=1$…$…"
 *     roles = ["editors"]
 */
import { readFile } from 'node:fs/promises';
import { parse } from 'smol-toml';
import { OperatorError } from '../../platform/operator-error.ts';
import { isPasswordHash } from './password.ts';
import { isMemberName } from './secondary.ts';

export interface FileUser {
  /** The hash of it. */
  readonly password: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
}

/** @throws OperatorError that names the file and what was expected, and shows no hash */
export async function readUsersFile(file: string): Promise<ReadonlyMap<string, FileUser>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(`${file} can't be read: ${error.code ?? error.message}`);
  });
  const { users, ...others } = parsed(file, text);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new OperatorError(`${file}: expected nothing but [users.<name>], got ${unknown}`);
  if (users !== undefined && !isTable(users)) throw new OperatorError(`${file}: users: expected tables [users.<name>]`);
  return new Map(Object.entries(users ?? {}).map(([name, value]) => [name, readUser(file, name, value)]));
}

function parsed(file: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    // The message goes on with the lines, which have hashes in them.
    const { line, column } = error as { line?: number; column?: number };
    throw new OperatorError(`${file}: line ${line ?? '?'}, column ${column ?? '?'} is not valid TOML`);
  }
}

function readUser(file: string, name: string, value: unknown): FileUser {
  const wrong = (what: string): never => {
    throw new OperatorError(`${file}: users.${name}: ${what}`);
  };
  if (!isMemberName(name)) wrong('expected a name without / and @');
  if (!isTable(value)) return wrong('expected a table');
  const { password, roles = [], disabled = false, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) wrong(`expected password, roles and disabled, got ${unknown}`);
  if (typeof password !== 'string' || !isPasswordHash(password)) {
    return wrong('password: expected a hash of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash');
  }
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string' && role !== '')) {
    return wrong('roles: expected a list of names');
  }
  if (typeof disabled !== 'boolean') return wrong('disabled: expected true or false');
  return { password, roles, disabled };
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
