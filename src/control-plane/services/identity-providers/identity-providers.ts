/** Identity providers: whose assertions about users are believed. */
import { X509Certificate } from 'node:crypto';
import { deleteConsentsOfAll } from '../../../adapters/stores/consents.ts';
import { endSession } from '../../../adapters/stores/end-session.ts';
import {
  deleteIdentityProvider,
  insertIdentityProvider,
  updateIdentityProvider,
} from '../../../adapters/stores/identity-providers.ts';
import { familiesThroughProvider } from '../../../adapters/stores/refresh-tokens.ts';
import { revokeFamily } from '../../../adapters/stores/revocations.ts';
import { sessionsThroughProvider } from '../../../adapters/stores/sessions.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { familiesFromIssuer } from '../../../adapters/stores/used-assertions.ts';
import { anybodyOwnsSomething } from '../../../adapters/stores/users.ts';
import { federatedSubjects, type IdentityProvider } from '../../../core/identity-provider.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import { auditRow } from '../audit-row.ts';
import { write } from './form.ts';

type Deps = Pick<ControlPlaneDeps, 'clock'>;

/** @throws RestError 409 when name or entity id are taken, or users of a former provider of the name own something */
export async function addIdentityProvider(
  tx: StoreTransaction,
  deps: Deps,
  provider: IdentityProvider,
  actor: string,
): Promise<void> {
  await unique(provider, insertIdentityProvider(tx, provider));
  if (await anybodyOwnsSomething(tx.db, federatedSubjects(provider.name))) {
    throw new RestError(
      409,
      `Users of a former identity provider ${provider.name} have left applications, clients or APIs; change their owner first, or choose another name.`,
    );
  }
  await audit(tx, deps, actor, 'create', undefined, provider);
}

/**
 * Where it is believed less than before, what its assertions were exchanged for is revoked; where its users may be others,
 * what they agreed to is forgotten.
 * @throws RestError 409 when the entity id is taken, 400 for another name, which is that of its users too
 */
export async function changeIdentityProvider(
  tx: StoreTransaction,
  deps: Deps,
  before: IdentityProvider,
  after: IdentityProvider,
  actor: string,
): Promise<void> {
  if (after.name !== before.name) {
    throw new RestError(400, `body/name: an identity provider keeps its name; expected ${before.name}.`);
  }
  await unique(after, updateIdentityProvider(tx, after));
  if (isBelievedLess(before, after)) await revokeIssuedFor(tx, deps, before);
  if (namesOthers(before, after)) await deleteConsentsOfAll(tx, federatedSubjects(before.name));
  await audit(tx, deps, actor, 'update', before, after);
}

/** With what its assertions were exchanged for, and what its users agreed to: another one may get its name. */
export async function removeIdentityProvider(
  tx: StoreTransaction,
  deps: Deps,
  provider: IdentityProvider,
  actor: string,
): Promise<void> {
  await revokeIssuedFor(tx, deps, provider);
  await deleteConsentsOfAll(tx, federatedSubjects(provider.name));
  await deleteIdentityProvider(tx, provider.id);
  await audit(tx, deps, actor, 'delete', provider, undefined);
}

function isBelievedLess(before: IdentityProvider, after: IdentityProvider): boolean {
  if (!before.enabled) return false;
  const lost = <T>(had: readonly T[], has: readonly T[]) => had.some((one) => !has.includes(one));
  return (
    !after.enabled ||
    namesOthers(before, after) ||
    after.roleAttribute !== before.roleAttribute ||
    (before.logIn && !after.logIn) ||
    (before.localAccounts && !after.localAccounts) ||
    (before.allowSha1 && !after.allowSha1) ||
    lost(before.certificates, after.certificates) ||
    Object.entries(before.roles).some(([name, roles]) => lost(roles, after.roles[name] ?? []))
  );
}

/** Whether somebody else may be meant by the name that it gives a user. */
const namesOthers = (before: IdentityProvider, after: IdentityProvider): boolean =>
  after.entityId !== before.entityId ||
  after.protocol !== before.protocol ||
  after.oidc?.nameClaim !== before.oidc?.nameClaim ||
  (after.saml2?.nameAttribute ?? '') !== (before.saml2?.nameAttribute ?? '');

/** What was given for its word: for assertions, and to clients for which a user logged in with it. Its sessions end. */
async function revokeIssuedFor(
  tx: StoreTransaction,
  { clock }: Deps,
  { id, entityId }: IdentityProvider,
): Promise<void> {
  const now = seconds(clock);
  const exchanged = await familiesFromIssuer(tx.db, entityId, now);
  const loggedIn = await familiesThroughProvider(tx.db, id, now);
  for (const session of await sessionsThroughProvider(tx.db, id)) await endSession(tx, session, now);
  for (const family of new Set([...exchanged, ...loggedIn])) await revokeFamily(tx, family, now);
}

async function unique({ name, entityId }: IdentityProvider, work: Promise<void>): Promise<void> {
  await work.catch((error) => {
    if (!isUniqueViolation(error)) throw error;
    throw new RestError(
      409,
      `There is an identity provider with the name ${name} or the entity id ${entityId} already.`,
    );
  });
}

const audit = auditRow<IdentityProvider>(
  'identity-provider',
  ({ name }) => name,
  (provider) => {
    const { id: _id, certificates: _certificates, ...facts } = write(provider);
    return { ...facts, fingerprints: provider.certificates.map((pem) => new X509Certificate(pem).fingerprint256) };
  },
);
