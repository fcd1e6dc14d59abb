import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { openTestStore } from '../../../test/support/store.ts';
import { defaultRoleAttribute, federatedSubject, type IdentityProvider } from '../../core/identity-provider.ts';
import { systemClock } from '../../platform/clock.ts';
import { findFederatedUser, putFederatedUser, removeExpiredFederatedUsers } from './federated-users.ts';
import { deleteIdentityProvider, insertIdentityProvider, updateIdentityProvider } from './identity-providers.ts';
import type { Store } from './store.ts';
import { familiesFromIssuer, removeExpiredAssertions, takeAssertion } from './used-assertions.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-assertions-'));
let store: Store;
before(async () => {
  store = await openTestStore(folder, systemClock);
});
after(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const take = (issuer: string, id: string, family: string, expiresAt: number): Promise<boolean> =>
  store.transaction((tx) => takeAssertion(tx, { issuer, id, family, expiresAt }));

it('an assertion is taken once, of each issuer, and forgotten some at a time when it has expired', async () => {
  assert.equal(await take('a', 'same', 'f1', 100), true);
  assert.equal(await take('a', 'same', 'f2', 900), false);
  assert.equal(await take('b', 'same', 'f3', 100), true);
  assert.equal(await take('a', 'other', 'f4', 900), true);
  assert.deepEqual(await familiesFromIssuer(store.db, 'a', 99), ['f1', 'f4']);
  assert.deepEqual(await familiesFromIssuer(store.db, 'a', 100), ['f4']);
  const remove = (limit: number) => store.transaction(({ db }) => removeExpiredAssertions(db, 500, limit));
  assert.deepEqual([await remove(1), await remove(5), await remove(5)], [1, 1, 0]);
  assert.equal(await take('a', 'other', 'f5', 900), false);
});

it('a federated user is as last said, and unknown when his provider is switched off or gone', async () => {
  const provider: IdentityProvider = {
    ...{ id: 'p', tenant: 'carbon.super', name: 'corporate', description: '', enabled: true, entityId: 'urn:p' },
    ...{ certificates: [], alias: '', ssoUrl: '', serviceProviderEntityId: '', roleAttribute: defaultRoleAttribute },
    ...{ roles: {}, claims: {}, localAccounts: true, allowSha1: false, protocol: 'saml2', logIn: false },
  };
  const subject = federatedSubject(provider.name, 'jane', provider.tenant);
  const jane = { subject, providerId: 'p', tenant: provider.tenant, name: 'jane', claims: { email: 'j@x' } };
  await store.transaction(async (tx) => {
    await insertIdentityProvider(tx, provider);
    await putFederatedUser(tx, { ...jane, roles: ['a'], expiresAt: 100 });
    await putFederatedUser(tx, { ...jane, roles: ['b'], expiresAt: 200 });
  });
  assert.deepEqual(await findFederatedUser(store.db, subject), { ...jane, roles: ['b'], expiresAt: 200 });
  // A shorter word about him does not shorten what an earlier one gave.
  await store.transaction((tx) => putFederatedUser(tx, { ...jane, roles: ['b'], expiresAt: 150 }));
  assert.equal((await findFederatedUser(store.db, subject))?.expiresAt, 200);
  await store.transaction((tx) => updateIdentityProvider(tx, { ...provider, enabled: false }));
  assert.equal(await findFederatedUser(store.db, subject), null);
  await store.transaction((tx) => updateIdentityProvider(tx, provider));
  assert.equal(await store.transaction(({ db }) => removeExpiredFederatedUsers(db, 200, 5)), 0);
  assert.equal((await findFederatedUser(store.db, subject))?.name, 'jane');
  await store.transaction((tx) => deleteIdentityProvider(tx, 'p'));
  assert.equal(await findFederatedUser(store.db, subject), null);
});
