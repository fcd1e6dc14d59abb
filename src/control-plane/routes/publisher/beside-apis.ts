/** What the answers say of APIs that is kept beside them: for a whole page at once. */
import type { Queryable } from '../../../adapters/stores/store.ts';
import { withThumbnail } from '../../../adapters/stores/thumbnails.ts';
import { findAnyWaiting } from '../../../adapters/stores/workflows.ts';
import type { Beside } from './api-form.ts';

export async function besideApis(db: Queryable, ids: readonly string[]): Promise<(id: string) => Beside> {
  const pictures = await withThumbnail(db, ids);
  const waiting = new Set((await findAnyWaiting(db, 'API_STATE', ids)).map(({ subject_id }) => subject_id));
  return (id) => ({ hasThumbnail: pictures.has(id), waits: waiting.has(id) });
}
