/** The REST APIs of the control plane: their definitions, and what is built of them. */
import type { Definition } from './rest/definition.ts';
import { admin } from './rest/definitions/admin.ts';
import { developerPortal } from './rest/definitions/developer-portal.ts';
import { publisher } from './rest/definitions/publisher.ts';
import type { RestApi } from './rest/mount.ts';
import { additions as adminAdditions } from './routes/admin/additions.ts';
import { adminOperations } from './routes/admin/index.ts';
import { additions as portalAdditions } from './routes/developer-portal/additions.ts';
import { developerPortalOperations } from './routes/developer-portal/index.ts';
import { additions as publisherAdditions } from './routes/publisher/additions.ts';
import { publisherOperations } from './routes/publisher/index.ts';

type Additions = Pick<Definition, 'operations' | 'schemas'>;

export const restApis: readonly RestApi[] = [
  {
    definition: withAdditions(publisher, publisherAdditions),
    names: ['publisher'],
    operations: publisherOperations,
  },
  {
    definition: withAdditions(developerPortal, portalAdditions),
    names: ['store', 'devportal'],
    operations: developerPortalOperations,
  },
  { definition: withAdditions(admin, adminAdditions), names: ['admin'], operations: adminOperations },
];

function withAdditions(definition: Definition, { operations, schemas }: Additions): Definition {
  return {
    name: definition.name,
    operations: [...definition.operations, ...operations],
    schemas: { ...definition.schemas, ...schemas },
  };
}
