/** The content of a document, as an answer. */
import type { DocumentRow } from '../../../adapters/stores/documents.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { attachment } from '../../rest/attachment.ts';
import type { Answer } from '../../rest/operation.ts';

/** As it goes into a header; null = it is no absolute http or https URL. */
export function httpUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href : null;
}

/** The content itself; for a document elsewhere, where it is (303). @throws RestError 404 when there is none yet */
export function contentAnswer(row: DocumentRow, content: string | null): Answer {
  if (row.source_type === 'URL') return { status: 303, headers: { location: addressOf(row) } };
  if (content === null) throw new RestError(404, 'The document has no content yet.');
  // Whatever it is, no browser takes it for a page of ours.
  const headers = { 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' };
  if (row.source_type !== 'FILE') {
    const type = row.source_type === 'MARKDOWN' ? 'text/markdown; charset=utf-8' : 'text/plain; charset=utf-8';
    return { status: 200, body: content, type, headers };
  }
  return {
    status: 200,
    body: Buffer.from(content, 'base64'),
    type: /^[\w.+-]+\/[\w.+-]+$/.test(row.media_type) ? row.media_type : 'application/octet-stream',
    headers: { ...headers, 'content-disposition': attachment(row.file_name || row.name) },
  };
}

/** @throws RestError 404 when what was written once is no address that a browser should go to */
function addressOf({ source_url }: DocumentRow): string {
  const address = httpUrl(source_url);
  if (address === null) throw new RestError(404, "The document's sourceUrl is no http or https URL.");
  return address;
}
