/** The operations of the admin API, by resource. */
import type { Operations } from '../../rest/operation.ts';
import { applications } from './applications.ts';
import { auditLog } from './audit-log.ts';
import { categories } from './categories.ts';
import { denyRules } from './deny-rules.ts';
import { enrolment } from './enrolment.ts';
import { exports } from './export.ts';
import { gateways } from './gateways.ts';
import { identityProviders } from './identity-providers.ts';
import { imports } from './import.ts';
import { keyManagers } from './key-managers.ts';
import { labels } from './labels.ts';
import { policies } from './policies.ts';
import { revocations } from './revocations.ts';
import { serviceProviders } from './service-providers.ts';
import { settingsOperations } from './settings.ts';
import { signingKeys } from './signing-keys.ts';
import { users } from './users.ts';
import { workflows } from './workflows.ts';

export const adminOperations: Operations = {
  ...policies,
  ...denyRules,
  ...applications,
  ...exports,
  ...imports,
  ...labels,
  ...categories,
  ...keyManagers,
  ...identityProviders,
  ...serviceProviders,
  ...workflows,
  ...users,
  ...settingsOperations,
  ...auditLog,
  ...revocations,
  ...gateways,
  ...enrolment,
  ...signingKeys,
};
