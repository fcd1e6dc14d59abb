/** The control plane's routes on the listener that it shares with the key manager. */
import type { FastifyInstance } from 'fastify';
import type { ControlPlaneDeps } from './deps.ts';
import { mountRest } from './rest/mount.ts';
import { restApis } from './rest-apis.ts';
import { mountSampleBackend } from './sample/backend.ts';

export async function mountControlPlane(app: FastifyInstance, deps: ControlPlaneDeps): Promise<void> {
  mountSampleBackend(app);
  for (const api of restApis) await mountRest(app, api, deps);
}
