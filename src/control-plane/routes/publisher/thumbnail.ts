/** The picture of an API. */
import { findThumbnail, putThumbnail } from '../../../adapters/stores/thumbnails.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { seconds } from '../../deps.ts';
import type { FileInfo } from '../../rest/definitions/publisher.ts';
import type { Operations } from '../../rest/operation.ts';
import { requireApi } from '../../services/apis/api-access.ts';
import { audit } from '../../services/apis/audit-api.ts';
import { imageType } from '../../services/apis/image-type.ts';

/** Bytes at most. */
const largest = 1024 * 1024;

export const thumbnail: Operations = {
  'GET /apis/{apiId}/thumbnail': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    const picture = await findThumbnail(store.db, id);
    if (!picture) throw new RestError(404, 'The API has no thumbnail.');
    return { status: 200, body: picture.bytes, type: picture.type, headers: { 'x-content-type-options': 'nosniff' } };
  },

  'PUT /apis/{apiId}/thumbnail': async (call, deps) => {
    const bytes = call.form.file('file')?.bytes ?? Buffer.alloc(0);
    if (bytes.length > largest) throw new RestError(413, `file: expected ${largest} bytes at most.`);
    // By its content: what a client says of it would be what a browser is told.
    const type = imageType(bytes);
    if (!type) throw new RestError(400, 'file: expected a picture: PNG, JPEG, GIF or WebP.');
    const id = await deps.store.transaction(async (tx) => {
      const api = await requireApi(tx.db, call.caller, call.param('apiId'));
      await putThumbnail(tx.db, api.id, { type, bytes }, seconds(deps.clock));
      await audit(tx, deps, call.caller, 'set thumbnail', api, { after: { type, size: bytes.length } });
      return api.id;
    });
    const answer: FileInfo = { relativePath: `apis/${id}/thumbnail`, mediaType: type };
    return { status: 200, body: answer, headers: { location: `${call.base}/apis/${id}/thumbnail` } };
  },
};
