/** The control plane's routes on the listener that it shares with the key manager. */
import type { FastifyInstance } from 'fastify';
import { mountSampleBackend } from './sample/backend.ts';

export async function mountControlPlane(app: FastifyInstance): Promise<void> {
  mountSampleBackend(app);
}
