/** GET /oauth2/jwks: the public keys (RFC 7517 section 5). */
import type { Step } from '../call.ts';

const answer: Step = ({ reply }, { keys }) => {
  reply.send({ keys: keys.published });
};

export const jwks: readonly Step[] = [answer];
