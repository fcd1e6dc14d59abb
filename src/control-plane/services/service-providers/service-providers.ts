/** Service providers: who is told which users have logged in. */
import { X509Certificate } from 'node:crypto';
import { revokeFamily } from '../../../adapters/stores/revocations.ts';
import {
  deleteServiceProvider,
  insertServiceProvider,
  updateServiceProvider,
} from '../../../adapters/stores/service-providers.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { familiesFromIssuer } from '../../../adapters/stores/used-assertions.ts';
import { assertionsFor, type ServiceProvider } from '../../../core/service-provider.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import { auditRow } from '../audit-row.ts';

type Deps = Pick<ControlPlaneDeps, 'clock'>;

/** @throws RestError 409 when nothing here can sign for service providers */
export async function requireSigningKey({ keyManager }: Pick<ControlPlaneDeps, 'keyManager'>): Promise<void> {
  const keys = await keyManager.signingKeys.list();
  if (keys.some(({ algorithm, phase }) => algorithm === 'RS256' && (phase === 'SIGNING' || phase === 'NEXT'))) return;
  throw new RestError(
    409,
    'Assertions are signed by RS256, for which there is no key: add it to the option tokens.otherAlgorithms first.',
  );
}

/** @throws RestError 409 when name or entity id are taken */
export async function addServiceProvider(
  tx: StoreTransaction,
  deps: Deps,
  provider: ServiceProvider,
  actor: string,
): Promise<void> {
  await unique(provider, insertServiceProvider(tx, provider));
  await audit(tx, deps, actor, 'create', undefined, provider);
}

/**
 * As `addServiceProvider`. Where it may exchange less here than before, what its assertions were exchanged for is revoked. What it
 * was told before, it knows.
 */
export async function changeServiceProvider(
  tx: StoreTransaction,
  deps: Deps,
  before: ServiceProvider,
  after: ServiceProvider,
  actor: string,
): Promise<void> {
  await unique(after, updateServiceProvider(tx, after));
  if (mayExchangeLess(before, after)) await revokeExchanged(tx, deps, before);
  await audit(tx, deps, actor, 'update', before, after);
}

/** With what its assertions were exchanged for. */
export async function removeServiceProvider(
  tx: StoreTransaction,
  deps: Deps,
  provider: ServiceProvider,
  actor: string,
): Promise<void> {
  await revokeExchanged(tx, deps, provider);
  await deleteServiceProvider(tx, provider.id);
  await audit(tx, deps, actor, 'delete', provider, undefined);
}

function mayExchangeLess(before: ServiceProvider, after: ServiceProvider): boolean {
  if (!before.enabled) return false;
  const lost = (had: readonly string[], has: readonly string[]) => had.some((one) => !has.includes(one));
  return (
    !after.enabled ||
    after.entityId !== before.entityId ||
    lost(before.audiences, after.audiences) ||
    lost(before.recipients, after.recipients)
  );
}

async function revokeExchanged(tx: StoreTransaction, { clock }: Deps, provider: ServiceProvider): Promise<void> {
  const now = seconds(clock);
  for (const family of await familiesFromIssuer(tx.db, assertionsFor(provider), now))
    await revokeFamily(tx, family, now);
}

async function unique({ name, entityId }: ServiceProvider, work: Promise<void>): Promise<void> {
  await work.catch((error) => {
    if (!isUniqueViolation(error)) throw error;
    throw new RestError(409, `There is a service provider with the name ${name} or the entity id ${entityId} already.`);
  });
}

const audit = auditRow<ServiceProvider>(
  'service-provider',
  ({ name }) => name,
  ({ id: _id, tenant: _tenant, certificates, ...facts }) => ({
    ...facts,
    fingerprints: certificates.map((pem) => new X509Certificate(pem).fingerprint256),
  }),
);
