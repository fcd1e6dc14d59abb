/** Where the key manager and control plane of a data folder listen: for a microgateway that is run beside them. */
import { join } from 'node:path';
import { replaceFile } from '../platform/durable-file.ts';
import { readBounded } from '../platform/read-bounded.ts';

const file = (data: string): string => join(data, 'management.url');

/** Stays when they stop: they will most likely be there again. */
export function writeManagementAddress(data: string, origin: string): void {
  replaceFile(file(data), `${origin}\n`);
}

/** `https://localhost:9443`; null where none have listened yet, or what is written is no address. */
export function readManagementAddress(data: string): string | null {
  try {
    const url = URL.parse(readBounded(file(data), { maxBytes: 1000 }).toString('utf8').trim());
    return url?.protocol === 'https:' ? url.origin : null;
  } catch {
    return null;
  }
}
