/** Strangers who make accounts for themselves, by the developer portal or on a page of the key manager. */
import { randomUUID } from 'node:crypto';
import { hasHiddenCharacters, hiddenCharacters } from '../../core/hidden-characters.ts';
import type { Clock } from '../../platform/clock.ts';
import { RestError } from '../../platform/rest-error.ts';
import { recordAudit } from '../stores/audit-log.ts';
import type { StoreTransaction } from '../stores/store.ts';
import { findUser, insertProfile, ownsSomething } from '../stores/users.ts';
import { insertWorkflow } from '../stores/workflows.ts';
import { refuseReservedName } from './reserved-names.ts';
import { type LogInSource, NameTakenError, type User, type UserStore } from './user-store.ts';

/** Who may sign up: nobody, everybody, or whom an administrator approves then. */
export type SignUpRule = 'off' | 'open' | 'approval';

export interface NewAccount {
  readonly name: string;
  readonly password: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
}

/** What who signs up may do; the same as what every user has. */
const roles = ['Internal/everyone', 'Internal/subscriber'];

/**
 * Makes the account, in one transaction with what is said of it. With `approval` nobody logs in with it until an administrator
 * has decided.
 * @throws RestError 400, and what `UserStore.create` throws
 */
export async function signUp(
  { users, clock }: { readonly users: UserStore; readonly clock: Clock },
  rule: Exclude<SignUpRule, 'off'>,
  account: NewAccount,
  from: LogInSource,
): Promise<User> {
  const { name, password, firstName, lastName, email } = account;
  refuseReservedName(name);
  const profile = { first_name: text('firstName', firstName), last_name: text('lastName', lastName), email };
  if (!/^[^\s@]{1,64}@[^\s@]{1,253}$/.test(email)) throw new RestError(400, 'email: expected an address.');
  const pending = rule === 'approval';
  return users.create({ name, password, roles, pending, from }, async (tx, user) => {
    if (await ownsSomething(tx.db, user.fullName)) throw new NameTakenError(`the name ${user.name} is taken already`);
    const row = await findUser(tx.db, user.tenant, user.name);
    if (row) await insertProfile(tx.db, { user_id: row.id, ...profile });
    await recordAudit(tx, {
      actor: user.fullName,
      action: 'sign-up',
      kind: 'user',
      id: user.fullName,
      name: user.name,
      after: { roles, pending },
      at: clock.now(),
    });
    if (pending) await waitForApproval(tx, user, account, Math.floor(clock.now() / 1000));
  });
}

async function waitForApproval(tx: StoreTransaction, user: User, account: NewAccount, now: number): Promise<void> {
  const { firstName, lastName, email } = account;
  await insertWorkflow(tx, {
    reference: randomUUID(),
    type: 'USER_SIGNUP',
    status: 'CREATED',
    subject_id: user.name,
    requester: user.fullName,
    tenant: user.tenant,
    properties: JSON.stringify({ userName: user.name, firstName, lastName, email }),
    description: `Sign up the user ${user.name}`,
    created_at: now,
    updated_at: now,
  });
}

function text(name: string, value: string): string {
  if (value !== '' && value.length <= 100 && !hasHiddenCharacters(value)) return value;
  throw new RestError(400, `${name}: expected 1 to 100 characters, no ${hiddenCharacters}.`);
}
