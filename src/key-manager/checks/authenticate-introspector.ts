/** Who may ask about tokens: a gateway, an administrator, or a client about its own (RFC 7662 section 2.1). */
import type { Step } from '../call.ts';
import { readBasic } from '../client-auth/basic.ts';
import { isPublic } from '../clients/client-metadata.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { OAuthError } from '../oauth-error.ts';
import { authenticateClient, refusal } from './authenticate-client.ts';
import { requireActiveClient } from './require-active-client.ts';

export const authenticateIntrospector: Step = async (call, km) => {
  // Credentials that are shown are looked at: wrong ones beside a gateway's certificate are somebody's mistake.
  if (!call.credentials && !call.request.headers.authorization && km.isEnrolledGateway(call.request)) return;
  const basic = readBasic(call.request.headers.authorization ?? '');
  if (basic && !(await km.clients.find(call.credentials?.id ?? '', call.began.version))) {
    call.user = await km.users.verify(basic.name, basic.password, logInSource(km, call.request, 'stranger'));
    if (!call.user) throw refusal(km, 'unknown client or user, or wrong secret');
    if (!call.user.roles.includes('admin')) {
      throw new OAuthError('access_denied', 'introspection needs the role admin', 403);
    }
    return;
  }
  await authenticateClient(call, km);
  // Anybody can say that he is one.
  if (isPublic(call.client)) throw refusal(km, 'a public client can not ask about tokens');
  await requireActiveClient(call, km);
};
