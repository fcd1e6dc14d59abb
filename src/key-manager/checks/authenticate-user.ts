/** The user whose name and password stand in the Authorization header. */
import type { Step } from '../call.ts';
import { readBasic } from '../client-auth/basic.ts';
import { logInSource } from '../log-in/log-in-source.ts';
import { refusal } from './authenticate-client.ts';

export const authenticateUser: Step = async (call, km) => {
  const basic = readBasic(call.request.headers.authorization ?? '');
  if (!basic) throw refusal(km, 'a user has to authenticate itself with Basic');
  call.user = await km.users.verify(basic.name, basic.password, logInSource(km, call.request, 'stranger'));
  if (!call.user) throw refusal(km, 'unknown user, or wrong password');
};
