/** From the arguments of a command to the settings that roles are started with. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadConfig } from '../platform/config/load.ts';
import { type Options, optionsSchema } from './options.ts';

/** What every command that starts a role is called with. */
export interface StartArguments {
  readonly data: string;
  readonly config?: string;
  readonly portOffset: number;
  readonly host?: string;
  /** `--section.key=value` as given. */
  readonly flags: readonly string[];
}

export interface Settings {
  readonly options: Options;
  /** Absolute path of the data folder. */
  readonly data: string;
}

/** The data folder can't be used. */
export class DataFolderError extends Error {
  override name = 'DataFolderError';
}

/** @throws ConfigError. Changes nothing on disk. */
export function readSettings(args: StartArguments): Settings {
  const given = loadConfig(optionsSchema, {
    file: args.config,
    flags: args.flags,
    env: process.env,
  });
  const by = args.portOffset;
  // 0 asks for a free port; an offset to that has no meaning.
  const moved = (port: number): number => (port === 0 ? 0 : port + by);
  const host = args.host;
  const options: Options = {
    ...given,
    gateway: {
      ...given.gateway,
      host: host ?? given.gateway.host,
      httpPort: moved(given.gateway.httpPort),
      httpsPort: moved(given.gateway.httpsPort),
      adminPort: moved(given.gateway.adminPort),
    },
    server: { ...given.server, host: host ?? given.server.host, port: moved(given.server.port) },
  };
  return { options, data: resolve(args.data) };
}

/** The file of the embedded store. */
export function storeFile({ data }: Settings): string {
  return join(data, 'postern.db');
}

/** Makes the data folder, for its owner only. @throws DataFolderError */
export function openDataFolder(data: string): void {
  try {
    makeFolder(data);
    accessSync(data, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
        ? 'may not be written by this user'
        : code === 'EEXIST' || code === 'ENOTDIR'
          ? 'is not a folder'
          : `can't be used: ${message}`;
    throw new DataFolderError(`the data folder ${data} ${why}; choose another with --data`);
  }
}

/** Not by `recursive`: below a folder like /proc, which answers ENOENT to every mkdir, that never ends. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(folder))) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
