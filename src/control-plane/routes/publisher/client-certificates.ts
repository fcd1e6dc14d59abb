/** Certificates of clients that an API takes (mutual TLS). */

import { announceApi } from '../../../adapters/stores/apis.ts';
import {
  type ClientCertificateRow,
  clientCertificatesOf,
  createClientCertificate,
  deleteClientCertificate,
  updateClientCertificate,
} from '../../../adapters/stores/certificates.ts';
import { findPolicies } from '../../../adapters/stores/policies.ts';
import type { Queryable, StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import { type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { pageOf } from '../../rest/page.ts';
import { requireApi } from '../../services/apis/api-access.ts';
import { audit } from '../../services/apis/audit-api.ts';
import { checkAlias, readCertificate } from '../../services/endpoints/certificate.ts';
import { certificateFile, certificateForm } from './certificate-form.ts';

export const clientCertificates: Operations = {
  'GET /apis/{apiId}/client-certificates': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    const alias = call.query('alias');
    const rows = (await clientCertificatesOf(store.db, id)).filter((row) => !alias || row.alias === alias);
    const { list: certificates, ...rest } = pageOf(call, rows.map(metadata));
    return ok({ ...rest, certificates });
  },

  'POST /apis/{apiId}/client-certificates': async (call, deps) => {
    const alias = checkAlias(call.form.text('alias') ?? '');
    const pem = readCertificate(call.form.file('certificate')?.bytes, deps.clock.now());
    const tier = call.form.text('tier') ?? '';
    const row = await change(call, deps, 'add client certificate', async (tx, api) => {
      await requireTier(tx.db, tier);
      const created_at = seconds(deps.clock);
      const row = { tenant: call.caller.tenant, alias, api_id: api.id, tier, pem, created_at };
      try {
        await createClientCertificate(tx.db, row);
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new RestError(409, `There is a client certificate with the alias "${alias}" already.`);
      }
      return row;
    });
    return ok(metadata(row));
  },

  'GET /apis/{apiId}/client-certificates/{alias}': async (call, { store, clock }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    return ok(certificateForm((await requireCertificate(store.db, id, call.param('alias'))).pem, clock.now()));
  },

  'GET /apis/{apiId}/client-certificates/{alias}/content': async (call, { store }) => {
    const { id } = await requireApi(store.db, call.caller, call.param('apiId'));
    const { alias, pem } = await requireCertificate(store.db, id, call.param('alias'));
    return certificateFile(alias, pem);
  },

  'PUT /apis/{apiId}/client-certificates/{alias}': async (call, deps) => {
    const file = call.form.file('certificate');
    const pem = file && file.bytes.length > 0 ? readCertificate(file.bytes, deps.clock.now()) : undefined;
    const tier = call.form.text('tier') || undefined;
    const row = await change(call, deps, 'change client certificate', async (tx, api) => {
      const before = await requireCertificate(tx.db, api.id, call.param('alias'));
      if (tier !== undefined) await requireTier(tx.db, tier);
      await updateClientCertificate(tx.db, before, { ...(tier && { tier }), ...(pem && { pem }) });
      return { ...before, tier: tier ?? before.tier };
    });
    return ok(metadata(row));
  },

  'DELETE /apis/{apiId}/client-certificates/{alias}': async (call, deps) => {
    await change(call, deps, 'delete client certificate', async (tx, api) => {
      const row = await requireCertificate(tx.db, api.id, call.param('alias'));
      await deleteClientCertificate(tx.db, row.tenant, row.alias);
      return row;
    });
    return ok();
  },
};

/** Does the work, writes it to the audit log and tells the gateways, in one transaction. */
async function change(
  call: RestCall,
  deps: ControlPlaneDeps,
  action: string,
  work: (tx: StoreTransaction, api: CatalogApi) => Promise<ClientCertificateRow>,
): Promise<ClientCertificateRow> {
  return deps.store.transaction(async (tx) => {
    const api = await requireApi(tx.db, call.caller, call.param('apiId'));
    const row = await work(tx, api);
    await audit(tx, deps, call.caller, action, api, { after: { alias: row.alias, tier: row.tier } });
    await announceApi(tx, api, call.caller.tenant);
    return row;
  });
}

async function requireCertificate(db: Queryable, apiId: string, alias: string): Promise<ClientCertificateRow> {
  const row = (await clientCertificatesOf(db, apiId)).find((one) => one.alias === alias);
  if (!row) throw new RestError(404, `The API has no client certificate with the alias ${JSON.stringify(alias)}.`);
  return row;
}

async function requireTier(db: Queryable, tier: string): Promise<void> {
  const [policy] = await findPolicies(db, 'subscription', [tier]);
  if (!policy) throw new RestError(400, `tier: there is no subscription policy ${JSON.stringify(tier)}.`);
}

const metadata = ({ alias, api_id, tier }: ClientCertificateRow) => ({ alias, apiId: api_id, tier });
