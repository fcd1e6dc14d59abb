/** A new version of an API: like it in everything but version and state. */
import { randomUUID } from 'node:crypto';
import { findApiDefinition } from '../../../adapters/stores/apis.ts';
import { copyDocuments } from '../../../adapters/stores/documents.ts';
import { findThumbnail, putThumbnail } from '../../../adapters/stores/thumbnails.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import type { Json } from '../definitions/json.ts';
import { openPassword, sealPassword } from '../endpoints/endpoint-password.ts';
import { addApi } from './write-api.ts';

/** @throws RestError 409 when there is that version */
export async function copyApi(
  deps: ControlPlaneDeps,
  caller: Caller,
  source: CatalogApi,
  { version, isDefaultVersion }: { version: string; isDefaultVersion: boolean },
): Promise<CatalogApi> {
  const id = randomUUID();
  const now = seconds(deps.clock);
  const { servesDefault: _, ...rest } = source;
  const password = openPassword(deps.seal)(source);
  const definition = JSON.parse((await findApiDefinition(deps.store.db, source.id)) ?? '{}') as Json;
  const copy: CatalogApi = {
    ...rest,
    id,
    version,
    isDefaultVersion,
    status: 'CREATED',
    provider: caller.fullName,
    endpointSecurity:
      source.endpointSecurity && password !== null
        ? { ...source.endpointSecurity, sealed: sealPassword(deps.seal, id, password) }
        : null,
    createdAt: now,
    updatedAt: now,
  };
  return addApi(deps, caller, copy, definition, async (tx) => {
    await copyDocuments(tx.db, source.id, id, randomUUID);
    const thumbnail = await findThumbnail(tx.db, source.id);
    if (thumbnail) await putThumbnail(tx.db, id, thumbnail, now);
  });
}
