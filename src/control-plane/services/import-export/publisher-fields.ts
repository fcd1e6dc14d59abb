/** What the publisher API would say to the fields of a project: the same is refused, and the same is kept. */
import { RestError } from '../../../platform/rest-error.ts';
import type { Seal } from '../../../platform/seal.ts';
import { type API, publisher } from '../../rest/definitions/publisher.ts';
import { checksOf } from '../../rest/validation.ts';
import { fromForm, newApi } from '../apis/api-from-form.ts';
import type { ProjectApi } from './api-project.ts';

const creation = publisher.operations.find(({ method, path }) => method === 'POST' && path === '/apis');
if (!creation) throw new Error('the publisher API has no POST /apis');
const check = checksOf(publisher)(creation);

/**
 * The fields on which nothing here depends, with their defaults.
 * @throws RestError 400 for a value that makes no sense, 501 for what is not built yet
 */
export function publisherFields(api: ProjectApi, { seal, tenant }: { seal: Seal; tenant: string }): ProjectApi['more'] {
  const { name, version, context, type, provider, endpointSecurity, more } = api;
  if (endpointSecurity?.type === 'DIGEST') {
    throw new RestError(501, 'endpointAuthDigest: the type DIGEST is not built yet.');
  }
  // What is empty says nothing, in the original's exports.
  const said = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== '' && value !== null));
  const form = check.body({ ...said, name, version, context, type }) as API;
  return fromForm(form, newApi(form, '', provider, 0), { seal, tenant, now: 0 }).more;
}
