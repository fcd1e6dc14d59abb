/** Certificates that back ends may show besides those of known authorities. */
import { announceApi, apisWithFacet } from '../../../adapters/stores/apis.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import {
  createEndpointCertificate,
  deleteEndpointCertificate,
  type EndpointCertificateRow,
  findEndpointCertificate,
  listEndpointCertificates,
  replaceEndpointCertificate,
} from '../../../adapters/stores/certificates.ts';
import type { Queryable, StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { authorityOf } from '../../../core/deployed-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import { type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { pageOf } from '../../rest/page.ts';
import { checkAlias, readCertificate } from '../../services/endpoints/certificate.ts';
import { certificateFile, certificateForm } from './certificate-form.ts';

export const endpointCertificates: Operations = {
  'GET /endpoint-certificates': async (call, { store }) => {
    const alias = call.query('alias');
    const endpoint = call.query('endpoint');
    const rows = (await listEndpointCertificates(store.db, call.caller.tenant)).filter(
      (row) => (!alias || row.alias === alias) && (!endpoint || row.endpoint.includes(endpoint)),
    );
    const { list: certificates, ...rest } = pageOf(call, rows.map(metadata));
    return ok({ ...rest, certificates });
  },

  'POST /endpoint-certificates': async (call, deps) => {
    const alias = checkAlias(call.form.text('alias') ?? '');
    const endpoint = call.form.text('endpoint') ?? '';
    if (!/^https?:\/\//.test(endpoint) || authorityOf(endpoint) === '') {
      throw new RestError(400, 'endpoint: expected the URL of a back end, such as https://backend.example:8443.');
    }
    const pem = readCertificate(call.form.file('certificate')?.bytes, deps.clock.now());
    const row = await change(call, deps, 'create', async (tx) => {
      const authority = authorityOf(endpoint);
      const { tenant } = call.caller;
      const row = { tenant, alias, endpoint, authority, pem, created_at: seconds(deps.clock) };
      try {
        await createEndpointCertificate(tx.db, row);
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new RestError(409, `There is an endpoint certificate with the alias "${alias}" already.`);
      }
      return row;
    });
    return ok(metadata(row));
  },

  'GET /endpoint-certificates/{alias}': async (call, { store, clock }) =>
    ok(certificateForm((await requireCertificate(store.db, call)).pem, clock.now())),

  'GET /endpoint-certificates/{alias}/content': async (call, { store }) => {
    const { alias, pem } = await requireCertificate(store.db, call);
    return certificateFile(alias, pem);
  },

  'PUT /endpoint-certificates/{alias}': async (call, deps) => {
    const pem = readCertificate(call.form.file('certificate')?.bytes, deps.clock.now());
    const row = await change(call, deps, 'update', async (tx) => {
      const before = await requireCertificate(tx.db, call);
      await replaceEndpointCertificate(tx.db, { ...before, pem });
      return before;
    });
    return ok(metadata(row));
  },

  'DELETE /endpoint-certificates/{alias}': async (call, deps) => {
    await change(call, deps, 'delete', async (tx) => {
      const row = await requireCertificate(tx.db, call);
      await deleteEndpointCertificate(tx.db, row.tenant, row.alias);
      return row;
    });
    return ok();
  },
};

/** Does the work, writes it to the audit log and tells the gateways of the APIs with such back ends, in one transaction. */
async function change(
  { caller }: RestCall,
  { store, clock }: ControlPlaneDeps,
  action: string,
  work: (tx: StoreTransaction) => Promise<EndpointCertificateRow>,
): Promise<EndpointCertificateRow> {
  return store.transaction(async (tx) => {
    const row = await work(tx);
    const { alias, endpoint, authority } = row;
    const kind = 'endpoint certificate';
    const entry = { actor: caller.fullName, action, kind, id: alias, name: alias, at: clock.now() };
    await recordAudit(tx, { ...entry, [action === 'delete' ? 'before' : 'after']: { endpoint } });
    for (const api of await apisWithFacet(tx.db, caller.tenant, 'endpoint', [authority])) {
      await announceApi(tx, api, caller.tenant);
    }
    return row;
  });
}

async function requireCertificate(db: Queryable, call: RestCall): Promise<EndpointCertificateRow> {
  const alias = call.param('alias');
  const row = await findEndpointCertificate(db, call.caller.tenant, alias);
  if (!row) throw new RestError(404, `There is no endpoint certificate with the alias ${JSON.stringify(alias)}.`);
  return row;
}

const metadata = ({ alias, endpoint }: EndpointCertificateRow) => ({ alias, endpoint });
