/**
 * What the admin API has beyond the original's: operations for users, roles and the audit log, and schemas that say more
 * than the original's, in place of those.
 */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';
import { admin, type SubscriptionThrottlePolicy as Original } from '../../rest/definitions/admin.ts';
import { enrolmentDefinitions } from './enrolment-definitions.ts';
import { identityProviderDefinitions } from './identity-provider-definitions.ts';
import { importPreviews } from './import-preview.ts';
import { revocationDefinitions } from './revocation-definitions.ts';
import { serviceProviderDefinitions } from './service-provider-definitions.ts';
import { signingKeyDefinitions } from './signing-key-definitions.ts';
import { userDefinitions } from './user-definitions.ts';

export type SubscriptionThrottlePolicy = Original & { permissions?: Permissions };

/** Who may choose a tier: users with one of the roles, or all but those. */
export interface Permissions {
  permissionType: 'ALLOW' | 'DENY';
  roles: string[];
}

const subscriptionPolicy = admin.schemas.SubscriptionThrottlePolicy as { readonly allOf: readonly Schema[] };

/** A limit that nobody said is no limit is one, which the original's default is not. */
function stopsOnQuota(part: Schema): Schema {
  const properties = part.properties as Record<string, Schema> | undefined;
  if (!properties?.stopOnQuotaReach) return part;
  return { ...part, properties: { ...properties, stopOnQuotaReach: { type: 'boolean', default: true } } };
}

export const additions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    ...userDefinitions.operations,
    ...importPreviews.operations,
    ...revocationDefinitions.operations,
    ...enrolmentDefinitions.operations,
    ...identityProviderDefinitions.operations,
    ...serviceProviderDefinitions.operations,
    ...signingKeyDefinitions.operations,
  ],
  schemas: {
    ...userDefinitions.schemas,
    ...importPreviews.schemas,
    ...revocationDefinitions.schemas,
    ...enrolmentDefinitions.schemas,
    ...identityProviderDefinitions.schemas,
    ...serviceProviderDefinitions.schemas,
    ...signingKeyDefinitions.schemas,
    SubscriptionThrottlePolicy: {
      allOf: [
        ...subscriptionPolicy.allOf.map(stopsOnQuota),
        { type: 'object', properties: { permissions: { $ref: '#/definitions/Permissions' } } },
      ],
    },
    // The original takes text as well as objects here.
    BlockingCondition: {
      ...admin.schemas.BlockingCondition,
      properties: {
        conditionId: { type: 'string' },
        conditionType: { type: 'string' },
        conditionValue: {},
        conditionStatus: { type: 'boolean' },
      },
    },
    // A range has no specific address.
    IPCondition: { ...admin.schemas.IPCondition, required: [] },
    Permissions: {
      type: 'object',
      required: ['permissionType', 'roles'],
      properties: {
        permissionType: { type: 'string', enum: ['ALLOW', 'DENY'] },
        roles: { type: 'array', items: { type: 'string' } },
      },
    },
  },
};
