/** `postern change-status`: takes a step in the life cycle of an API. */
import type { LifeCycleStatus } from '../../core/api.ts';
import { type LifeCycleAction, transitions } from '../../core/life-cycle.ts';
import { withConnection } from '../remote/connection.ts';
import { type ApiName, findApi } from '../remote/find-api.ts';
import { note } from '../remote/progress.ts';
import { notFound } from '../remote/remote-error.ts';

export interface ChangeStatusOptions extends ApiName {
  readonly environment: string;
  readonly action: LifeCycleAction;
  readonly insecure?: boolean;
}

interface PublisherApi extends ApiName {
  readonly id: string;
  readonly lifeCycleStatus: LifeCycleStatus;
}

/** A step to where the API is already is none: what calls it can be run again. */
export function changeStatus({ environment, action, insecure, ...wanted }: ChangeStatusOptions): Promise<void> {
  const { name, version } = wanted;
  return withConnection(environment, { ...(insecure !== undefined && { insecure }) }, async (connection) => {
    const api = await findApi<PublisherApi>(connection, 'publisher', wanted);
    if (!api) throw notFound(`there is no API ${name} ${version} in ${environment} that ${connection.user} may see`);
    const before = api.lifeCycleStatus;
    if (transitions[before][action] === before) {
      return note(`${name} ${version}: ${before} in ${environment} already`);
    }
    const query = new URLSearchParams({ apiId: api.id, action });
    const answer = await connection.send('publisher', 'POST', `/apis/change-lifecycle?${query}`);
    if (answer.status === 202) {
      return note(`${name} ${version}: stays ${before} in ${environment} until an administrator approves "${action}"`);
    }
    note(`${name} ${version}: ${before} -> ${transitions[before][action]} in ${environment}`);
  });
}
