/** The operations of the developer portal API, by resource. */
import type { Operations } from '../../rest/operation.ts';
import { account } from './account.ts';
import { apiKeys } from './api-keys.ts';
import { apis } from './apis.ts';
import { applicationKeys } from './application-keys.ts';
import { applications } from './applications.ts';
import { comments } from './comments.ts';
import { documents } from './documents.ts';
import { policies } from './policies.ts';
import { ratings } from './ratings.ts';
import { search } from './search.ts';
import { settingsOperations } from './settings.ts';
import { signOuts } from './sign-out.ts';
import { subscriptions } from './subscriptions.ts';
import { tags } from './tags.ts';

export const developerPortalOperations: Operations = {
  ...apis,
  ...documents,
  ...ratings,
  ...comments,
  ...tags,
  ...search,
  ...applications,
  ...applicationKeys,
  ...apiKeys,
  ...subscriptions,
  ...policies,
  ...settingsOperations,
  ...account,
  ...signOuts,
};
