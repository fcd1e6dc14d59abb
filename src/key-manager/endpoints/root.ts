/** GET /: who types no more than the host into a browser gets to his account; there is nothing for programs. */
import type { Step } from '../call.ts';

export const root: readonly Step[] = [
  ({ request, reply }, { options }) => {
    reply.header('vary', 'accept');
    if (!/\btext\/html\b/i.test(request.headers.accept ?? '')) return void reply.callNotFound();
    reply.code(303).header('location', `${options.publicUrl}/oauth2/account`).send();
  },
];
