/** The default version of an API's name: one at most, and one at most that gateways serve without its version. */
import { apisNamed, updateApi } from '../../../adapters/stores/apis.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { isServed } from '../../../core/life-cycle.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import { mayPublish, type Publisher } from './api-access.ts';
import { audit } from './audit-api.ts';

/**
 * Settles who is served without a version, when this API is about to be written. The other versions are written here.
 * @returns the API as it is to be written
 * @throws RestError 409 when one of them is not the caller's to change
 */
export async function settleDefault(
  tx: StoreTransaction,
  deps: Pick<ControlPlaneDeps, 'clock'>,
  caller: Publisher,
  api: CatalogApi,
): Promise<CatalogApi> {
  const others = (await apisNamed(tx.db, caller.tenant, api.name)).filter(({ id }) => id !== api.id);
  const served = api.isDefaultVersion && isServed(api.status);
  let goesOn = false;
  for (const other of others) {
    const isDefaultVersion = other.isDefaultVersion && !api.isDefaultVersion;
    // The one before goes on until this one is served.
    const wasServed = other.servesDefault ?? other.isDefaultVersion;
    const servesDefault = wasServed && !served && isServed(other.status);
    goesOn ||= servesDefault;
    if (isDefaultVersion === other.isDefaultVersion && servesDefault === wasServed) continue;
    if (!mayPublish(other, caller)) {
      throw new RestError(
        409,
        `The default version of ${api.name} is one that you may not change; expected it to stay that one.`,
      );
    }
    await updateApi(tx, { ...other, isDefaultVersion, servesDefault });
    const before = { isDefaultVersion: other.isDefaultVersion, servesDefault: wasServed };
    await audit(tx, deps, caller, 'update', other, { before, after: { isDefaultVersion, servesDefault } });
  }
  const waitsForOther = !api.isDefaultVersion && others.some((other) => other.isDefaultVersion);
  const stays = (api.servesDefault ?? false) && isServed(api.status) && waitsForOther && !goesOn;
  return { ...api, servesDefault: served || stays };
}
