/** Writes what belongs to an API besides itself: documents, picture, certificates. What a project says nothing of stays. */
import { randomUUID } from 'node:crypto';
import { announceApi, apisWithFacet } from '../../../adapters/stores/apis.ts';
import {
  clientCertificatesOf,
  createClientCertificate,
  createEndpointCertificate,
  deleteClientCertificate,
  findEndpointCertificate,
  replaceEndpointCertificate,
  updateClientCertificate,
} from '../../../adapters/stores/certificates.ts';
import { createDocument, deleteDocument, updateDocument } from '../../../adapters/stores/documents.ts';
import { findPolicies } from '../../../adapters/stores/policies.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { putThumbnail } from '../../../adapters/stores/thumbnails.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { authorityOf } from '../../../core/deployed-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import type { ApiProject } from './api-project.ts';
import { encodingOf } from './load-project.ts';

export async function writeDocuments(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  { fullName }: Caller,
  api: CatalogApi,
  documents: ApiProject['documents'],
): Promise<void> {
  if (!documents) return;
  const rows = await tx.db.selectFrom('documents').selectAll().where('api_id', '=', api.id).execute();
  const there = new Map(rows.map((row) => [row.name, row]));
  const now = seconds(clock);
  for (const { name, ...document } of documents) {
    const values = {
      name,
      type: document.type,
      summary: document.summary,
      source_type: document.sourceType,
      source_url: document.sourceUrl,
      other_type_name: document.otherTypeName,
      visibility: document.visibility,
      file_name: document.fileName,
      media_type: document.mediaType,
      content: document.content?.toString(encodingOf(document.sourceType)) ?? null,
      updated_by: fullName,
      updated_at: now,
    };
    const row = there.get(name);
    there.delete(name);
    if (!row) {
      // Its provider's, so that what only the owner reads has one who does.
      const id = randomUUID();
      await createDocument(tx.db, { ...values, id, api_id: api.id, created_by: api.provider, created_at: now });
    } else if (
      Object.entries(values).some(
        ([key, value]) => !key.startsWith('updated') && row[key as keyof typeof row] !== value,
      )
    ) {
      await updateDocument(tx.db, row.id, values);
    }
  }
  for (const row of there.values()) await deleteDocument(tx.db, row.id);
}

export async function writeThumbnail(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  api: CatalogApi,
  thumbnail: ApiProject['thumbnail'],
): Promise<void> {
  if (thumbnail) await putThumbnail(tx.db, api.id, thumbnail, seconds(clock));
}

/** @throws RestError 400 when a tier or an address is none, 409 when an alias belongs to another API or back end */
export async function writeCertificates(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  { tenant }: Caller,
  api: CatalogApi,
  { clientCertificates, endpointCertificates }: ApiProject,
): Promise<void> {
  if (clientCertificates) await writeClientCertificates(tx, deps, tenant, api, clientCertificates);
  if (endpointCertificates) await writeEndpointCertificates(tx, deps, tenant, api, endpointCertificates);
}

async function writeClientCertificates(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  tenant: string,
  api: CatalogApi,
  certificates: NonNullable<ApiProject['clientCertificates']>,
): Promise<void> {
  const tiers = [...new Set(certificates.map(({ tier }) => tier))];
  const known = new Set((await findPolicies(tx.db, 'subscription', tiers)).map(({ name }) => name));
  const unknown = tiers.filter((tier) => !known.has(tier));
  if (unknown.length > 0)
    throw new RestError(400, `clientCertificates: there is no subscription policy ${unknown.join(', ')}`);
  const there = new Map((await clientCertificatesOf(tx.db, api.id)).map((row) => [row.alias, row]));
  for (const { alias, tier, pem } of certificates) {
    const row = there.get(alias);
    there.delete(alias);
    if (row) await updateClientCertificate(tx.db, { tenant, alias }, { tier, pem });
    else {
      const created = { tenant, alias, api_id: api.id, tier, pem, created_at: seconds(clock) };
      await createClientCertificate(tx.db, created).catch((error) => {
        if (!isUniqueViolation(error)) throw error;
        throw new RestError(409, `The alias ${alias} is that of a client certificate of another API.`);
      });
    }
  }
  for (const alias of there.keys()) await deleteClientCertificate(tx.db, tenant, alias);
}

async function writeEndpointCertificates(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  tenant: string,
  api: CatalogApi,
  certificates: NonNullable<ApiProject['endpointCertificates']>,
): Promise<void> {
  const changed = new Set<string>();
  for (const { alias, endpoint, pem } of certificates) {
    const url = /^[a-z]+:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
    if (!URL.canParse(url))
      throw new RestError(400, `endpointCertificates: ${alias}: expected the address of a back end`);
    const authority = authorityOf(url);
    const row = await findEndpointCertificate(tx.db, tenant, alias);
    if (row && row.authority !== authority) {
      throw new RestError(409, `The alias ${alias} is that of a certificate of another back end, ${row.authority}.`);
    }
    if (row?.pem.trim() === pem.trim()) continue;
    changed.add(authority);
    if (row) await replaceEndpointCertificate(tx.db, { tenant, alias, pem });
    else
      await createEndpointCertificate(tx.db, { tenant, alias, endpoint, authority, pem, created_at: seconds(clock) });
  }
  // Whoever else calls these back ends believes the certificates too.
  for (const other of await apisWithFacet(tx.db, tenant, 'endpoint', [...changed])) {
    if (other.id !== api.id) await announceApi(tx, other, tenant);
  }
}
