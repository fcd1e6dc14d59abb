/** GET /samlsso/metadata: what service providers have to know of us. */
import type { Step } from '../call.ts';
import { writeMetadata } from '../service-providers/write-metadata.ts';

const answer: Step = async ({ reply }, km) => {
  reply.type('application/samlmetadata+xml').send(await writeMetadata(km));
};

export const samlMetadata: readonly Step[] = [answer];
