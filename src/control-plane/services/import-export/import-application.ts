/** Imports an application from its file: all of it in one transaction, or nothing. */
import { randomUUID } from 'node:crypto';
import {
  type ApplicationRow,
  createApplication,
  findApplication,
  updateApplication,
} from '../../../adapters/stores/applications.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { clientsOf, updateClient } from '../../../adapters/stores/clients.ts';
import { findPolicies } from '../../../adapters/stores/policies.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Files } from '../../../platform/zip.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { applicationFacts } from '../applications/applications.ts';
import { type ApplicationFile, readApplication } from './application-file.ts';
import { type Change, difference, type Fields } from './difference.ts';
import { inOneTransaction } from './dry-run.ts';
import { applicationNamed, loadApplication } from './export-application.ts';
import { importKeys } from './import-keys.ts';
import { importSubscriptions, type SkippedApi } from './import-subscriptions.ts';

export interface ApplicationImportOptions {
  /** Whether it is to belong to the owner that the file names; otherwise to `owner`, or to who imports it. */
  readonly preserveOwner: boolean;
  readonly owner?: string | undefined;
  readonly skipSubscriptions: boolean;
  readonly skipKeys: boolean;
  /** Whether an application that is there may be changed. */
  readonly update: boolean;
  readonly dryRun: boolean;
}

export interface ApplicationImportResult {
  readonly application: Pick<ApplicationRow, 'id' | 'name' | 'owner' | 'status'>;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly changes: readonly Change[];
  /** APIs that it can't be subscribed to here. */
  readonly skipped: readonly SkippedApi[];
}

/** @throws RestError 400 when the file is wrong or names what is not here, 409 when the application is there and may not be changed */
export async function importApplication(
  deps: ControlPlaneDeps,
  caller: Caller,
  files: Files,
  options: ApplicationImportOptions,
): Promise<ApplicationImportResult> {
  const file = readApplication(files, options);
  const owner = await ownerOf(deps, caller, file, options);
  return inOneTransaction(deps, options, async (tx, joined) => {
    const before = await applicationNamed(tx.db, owner, file.name);
    if (before && !options.update) {
      throw alreadyThere(owner, file.name);
    }
    const load = (row: ApplicationRow) => loadApplication(joined, tx.db, row, { withKeys: !options.skipKeys });
    const there = before && (await load(before));
    const { id } = before ?? (await create(tx, joined, caller, file, owner));
    if (before) await update(tx, joined, caller, before, file);
    const application = (await findApplication(tx.db, id)) as ApplicationRow;
    if (!options.skipKeys && file.keys) await importKeys(tx, joined, caller, application, file.keys);
    const skipped = options.skipSubscriptions
      ? []
      : await importSubscriptions(tx, joined, caller, application, file.subscriptions);
    const changes = difference(there ? fieldsOf(there) : new Map(), fieldsOf(await load(application)));
    const outcome = before === null ? 'created' : changes.length > 0 ? 'updated' : 'unchanged';
    return { application, outcome, changes, skipped };
  });
}

/** @throws RestError 400 when there is no such user */
async function ownerOf(
  { users }: ControlPlaneDeps,
  caller: Caller,
  file: ApplicationFile,
  { preserveOwner, owner }: ApplicationImportOptions,
): Promise<string> {
  const name = owner ?? (preserveOwner ? file.owner : caller.fullName);
  const user = name === '' ? null : await users.find(name);
  if (user) return user.fullName;
  throw new RestError(400, `The owner ${name || '(none)'} is no user here; expected one who is.`);
}

async function create(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  caller: Caller,
  file: ApplicationFile,
  owner: string,
): Promise<{ id: string }> {
  await requireTier(tx, file);
  const { name, tier, tokenType, description, attributes, groups } = file;
  const created = await createApplication(tx, {
    ...{ id: randomUUID(), tenant: caller.tenant, name, owner, tier, tokenType, description, attributes, groups },
    createdAt: seconds(clock),
  }).catch((error) => {
    throw isUniqueViolation(error) ? alreadyThere(owner, name) : error;
  });
  await recordAudit(tx, {
    ...{ actor: caller.fullName, action: 'create', kind: 'application', id: created.id, name, at: clock.now() },
    after: { name, owner, tier, tokenType, description, attributes },
  });
  return created;
}

async function update(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  caller: Caller,
  before: ApplicationRow,
  file: ApplicationFile,
): Promise<void> {
  const change = {
    tier: file.tier,
    description: file.description,
    token_type: file.tokenType,
    attributes: JSON.stringify(file.attributes),
    group_names: JSON.stringify(file.groups),
  };
  if (Object.entries(change).every(([key, value]) => before[key as keyof typeof change] === value)) return;
  await requireTier(tx, file);
  await updateApplication(tx, before.id, { ...change, updated_at: seconds(clock) });
  if (before.token_type !== file.tokenType) {
    for (const { consumer_key } of await clientsOf(tx.db, before.id)) {
      await updateClient(tx, consumer_key, { token_type: file.tokenType });
    }
  }
  await recordAudit(tx, {
    ...{
      actor: caller.fullName,
      action: 'update',
      kind: 'application',
      id: before.id,
      name: before.name,
      at: clock.now(),
    },
    before: applicationFacts(before),
    after: applicationFacts({ ...before, ...change }),
  });
}

const alreadyThere = (owner: string, name: string): RestError =>
  new RestError(409, `${owner} has an application ${name} already; update (--update of the command line) changes it.`);

async function requireTier(tx: StoreTransaction, { tier }: ApplicationFile): Promise<void> {
  if ((await findPolicies(tx.db, 'application', [tier])).length > 0) return;
  throw new RestError(400, `tier: there is no application policy ${tier} here.`);
}

function fieldsOf({ subscriptions, keys, ...rest }: ApplicationFile): Fields {
  return new Map<string, unknown>([
    ...Object.entries(rest),
    ...subscriptions.map(({ apiName, apiVersion, tier, state }): [string, unknown] => [
      `subscriptions.${apiName} ${apiVersion}`,
      { tier, state },
    ]),
    // The secret is nobody's to read here; that it is another one shows by its key.
    ...(keys ?? []).map(({ consumerSecret: _, secretHash: __, ...key }): [string, unknown] => [
      `keys.${key.keyManager?.name ?? 'ours'}.${key.keyType}`,
      key,
    ]),
  ]);
}
