import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentRow } from '../../../adapters/stores/documents.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { contentAnswer } from './document-content.ts';

const row: DocumentRow = {
  ...{ id: 'd', api_id: 'a', name: '日本', type: 'HOWTO', summary: '', source_type: 'URL', source_url: '' },
  ...{ other_type_name: '', visibility: 'API_LEVEL', file_name: '', media_type: '' },
  ...{ created_by: 'admin', created_at: 0, updated_by: 'admin', updated_at: 0 },
};

test('303 to an address as headers write it, however it was kept', () => {
  for (const [kept, location] of [
    ['https://example.com/a?b#c', 'https://example.com/a?b#c'],
    ['http://x/日本', 'http://x/%E6%97%A5%E6%9C%AC'],
    ['http://x/a\r\nset-cookie: b', 'http://x/aset-cookie:%20b'],
  ] as const) {
    assert.deepEqual(contentAnswer({ ...row, source_url: kept }, null), { status: 303, headers: { location } });
  }
});

test('404 where a browser should not go', () => {
  for (const kept of ['javascript:alert(1)', 'ftp://x', '/a', '']) {
    assert.throws(
      () => contentAnswer({ ...row, source_url: kept }, null),
      (error: RestError) => error instanceof RestError && error.status === 404 && /sourceUrl/.test(error.message),
    );
  }
});

test('200 for a file of any name', () => {
  const { status, headers } = contentAnswer({ ...row, source_type: 'FILE' }, 'YQ==');
  assert.equal(status, 200);
  assert.equal(headers?.['content-disposition'], `attachment; filename="__"; filename*=UTF-8''%E6%97%A5%E6%9C%AC`);
});
