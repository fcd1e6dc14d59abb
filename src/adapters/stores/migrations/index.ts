/** Every migration, oldest first. A name never changes once released; its order is the order of names. */
import type { Migration } from 'kysely/migration';
import * as initial from './0001-initial.ts';
import * as catalog from './0002-catalog.ts';
import * as portal from './0003-portal.ts';
import * as admin from './0004-admin.ts';
import * as gateways from './0005-gateways.ts';
import * as logIn from './0006-log-in.ts';
import * as identityProviders from './0007-identity-providers.ts';
import * as clients from './0008-clients.ts';
import * as people from './0009-people.ts';
import * as grants from './0010-grants.ts';
import * as keys from './0011-keys.ts';
import * as headVersion from './0012-head-version.ts';
import * as revokedAll from './0013-revoked-all.ts';
import * as claims from './0014-claims.ts';
import * as federation from './0015-federation.ts';
import * as serviceProviders from './0016-service-providers.ts';
import * as refreshGrants from './0017-refresh-grants.ts';

export const migrations: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-catalog': catalog,
  '0003-portal': portal,
  '0004-admin': admin,
  '0005-gateways': gateways,
  '0006-log-in': logIn,
  '0007-identity-providers': identityProviders,
  '0008-clients': clients,
  '0009-people': people,
  '0010-grants': grants,
  '0011-keys': keys,
  '0012-head-version': headVersion,
  '0013-revoked-all': revokedAll,
  '0014-claims': claims,
  '0015-federation': federation,
  '0016-service-providers': serviceProviders,
  '0017-refresh-grants': refreshGrants,
};
