/** Endpoints whose place is taken already: they answer 501, so that nobody takes their absence for a wrong address. */
import type { Step } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';

const answer: Step = () => {
  throw new OAuthError('not_implemented', 'this endpoint is not built yet', 501);
};

export const notBuilt: readonly Step[] = [answer];
