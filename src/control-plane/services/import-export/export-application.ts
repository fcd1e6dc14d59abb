/** Exports an application as an archive of its file. */
import { type ApplicationRow, applicationsOf } from '../../../adapters/stores/applications.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import type { ClientValidity } from '../../../adapters/stores/clients.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { writeZip } from '../../../platform/zip.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { keysOf, secretOf } from '../applications/application-keys.ts';
import {
  type ApplicationFile,
  type ApplicationKeyFile,
  type SubscriptionFile,
  writeApplication,
} from './application-file.ts';
import { textFile } from './project-files.ts';

/** @throws RestError 404 when the owner has no such application */
export async function exportApplication(
  deps: ControlPlaneDeps,
  caller: Caller,
  { name, owner, withKeys }: { readonly name: string; readonly owner: string; readonly withKeys: boolean },
): Promise<{ readonly fileName: string; readonly archive: Uint8Array }> {
  const file = await deps.store.transaction(async (tx) => {
    const row = await applicationNamed(tx.db, fullUserName(owner, caller.tenant), name);
    if (!row) throw new RestError(404, `There is no application ${name} of ${owner}.`);
    await recordAudit(tx, {
      actor: caller.fullName,
      action: withKeys ? 'export-with-keys' : 'export',
      kind: 'application',
      id: row.id,
      name,
      at: deps.clock.now(),
    });
    return loadApplication(deps, tx.db, row, { withKeys });
  });
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  const path = `${safe}/${safe}.json`;
  return { fileName: `${safe}.zip`, archive: writeZip(new Map([[path, textFile(writeApplication(file), 'json')]])) };
}

export async function applicationNamed(db: Queryable, owner: string, name: string): Promise<ApplicationRow | null> {
  return (await applicationsOf(db, owner)).find((row) => row.name === name) ?? null;
}

export async function loadApplication(
  deps: ControlPlaneDeps,
  db: Queryable,
  row: ApplicationRow,
  { withKeys }: { withKeys: boolean },
): Promise<ApplicationFile> {
  return {
    name: row.name,
    owner: row.owner,
    tier: row.tier,
    description: row.description,
    tokenType: row.token_type,
    groups: JSON.parse(row.group_names) as string[],
    attributes: JSON.parse(row.attributes) as Record<string, string>,
    subscriptions: await loadSubscriptions(db, row.id),
    keys: withKeys ? await loadKeys(deps, db, row.id) : null,
  };
}

async function loadSubscriptions(db: Queryable, applicationId: string): Promise<SubscriptionFile[]> {
  const rows = await db
    .selectFrom('subscriptions')
    .innerJoin('apis', 'apis.id', 'subscriptions.api_id')
    .select(['apis.name', 'apis.version', 'apis.provider', 'subscriptions.tier', 'subscriptions.state'])
    .where('subscriptions.application_id', '=', applicationId)
    .orderBy('apis.name')
    .orderBy('apis.version')
    .execute();
  return rows.map(({ name, version, provider, tier, state }) => ({
    apiName: name,
    apiVersion: version,
    apiProvider: provider,
    tier,
    state,
  }));
}

/** Without those that wait for approval: they have no key yet. */
async function loadKeys(deps: ControlPlaneDeps, db: Queryable, applicationId: string): Promise<ApplicationKeyFile[]> {
  return (await keysOf(db, applicationId)).flatMap((key): ApplicationKeyFile[] => {
    if (key.kind === 'own') {
      const { client } = key;
      return [
        {
          keyType: key.keyType,
          consumerKey: client.consumer_key,
          consumerSecret: secretOf(deps, client),
          secretHash: client.secret_hash,
          grantTypes: client.grant_types.split(' ').filter(Boolean),
          callbackUrl: client.callback_url,
          validity: validityOf(client),
          keyManager: null,
        },
      ];
    }
    if (key.kind === 'waiting') return [];
    const { consumer_key: consumerKey, issuer } = key.mapped;
    const none = {
      consumerSecret: null,
      secretHash: null,
      grantTypes: [],
      callbackUrl: '',
      validity: validityOf(null),
    };
    return [{ keyType: key.keyType, consumerKey, ...none, keyManager: { name: key.keyManager, issuer } }];
  });
}

const validityOf = (client: ClientValidity | null): ClientValidity => ({
  application_validity: client?.application_validity ?? null,
  user_validity: client?.user_validity ?? null,
  refresh_validity: client?.refresh_validity ?? null,
});
