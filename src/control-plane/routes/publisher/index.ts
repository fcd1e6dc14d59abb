/** The operations of the publisher API, by resource. */
import type { Operations } from '../../rest/operation.ts';
import { apis } from './apis.ts';
import { checks } from './checks.ts';
import { clientCertificates } from './client-certificates.ts';
import { definitions } from './definitions.ts';
import { documents } from './documents.ts';
import { endpointCertificates } from './endpoint-certificates.ts';
import { apiExport } from './export.ts';
import { lifeCycle } from './life-cycle.ts';
import { names } from './names.ts';
import { resources } from './resources.ts';
import { scopes } from './scopes.ts';
import { search } from './search.ts';
import { settings } from './settings.ts';
import { subscriptions } from './subscriptions.ts';
import { throttlingPolicies } from './throttling-policies.ts';
import { thumbnail } from './thumbnail.ts';
import { versions } from './versions.ts';

export const publisherOperations: Operations = {
  ...apis,
  ...checks,
  ...clientCertificates,
  ...definitions,
  ...documents,
  ...endpointCertificates,
  ...apiExport,
  ...lifeCycle,
  ...names,
  ...resources,
  ...scopes,
  ...search,
  ...settings,
  ...subscriptions,
  ...throttlingPolicies,
  ...thumbnail,
  ...versions,
};
