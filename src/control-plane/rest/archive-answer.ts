/** An archive, which the client keeps under a name. */
import { attachment } from './attachment.ts';
import type { Answer } from './operation.ts';

export function archiveAnswer({ fileName, archive }: { fileName: string; archive: Uint8Array }): Answer {
  return {
    status: 200,
    body: Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength),
    type: 'application/zip',
    headers: { 'content-disposition': attachment(fileName) },
  };
}
