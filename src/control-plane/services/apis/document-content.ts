/** The content of a document, as an answer. */
import type { DocumentRow } from '../../../adapters/stores/documents.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Answer } from '../../rest/operation.ts';

/** The content itself; for a document elsewhere, where it is (303). @throws RestError 404 when there is none yet */
export function contentAnswer(row: DocumentRow, content: string | null): Answer {
  if (row.source_type === 'URL') return { status: 303, headers: { location: row.source_url } };
  if (content === null) throw new RestError(404, 'The document has no content yet.');
  // Whatever it is, no browser takes it for a page of ours.
  const headers = { 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' };
  if (row.source_type !== 'FILE') {
    const type = row.source_type === 'MARKDOWN' ? 'text/markdown; charset=utf-8' : 'text/plain; charset=utf-8';
    return { status: 200, body: content, type, headers };
  }
  const name = encodeURIComponent(row.file_name || row.name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return {
    status: 200,
    body: Buffer.from(content, 'base64'),
    type: /^[\w.+-]+\/[\w.+-]+$/.test(row.media_type) ? row.media_type : 'application/octet-stream',
    headers: { ...headers, 'content-disposition': `attachment; filename*=UTF-8''${name}` },
  };
}
