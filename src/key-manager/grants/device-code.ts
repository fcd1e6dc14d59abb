/** Tokens for a device that somebody has let in (RFC 8628 section 3.4). */
import { changeDevice, type DeviceCodeRow, findDeviceCode, pollDevice } from '../../adapters/stores/device-codes.ts';
import { type KeyManager, seconds } from '../call.ts';
import { mayUse } from '../clients/clients.ts';
import { readLogIn } from '../log-in/log-in.ts';
import { OAuthError } from '../oauth-error.ts';
import { issue } from '../tokens/issue.ts';
import { presentedAgain } from '../tokens/presented-again.ts';
import { rolesOf } from '../tokens/roles.ts';
import { readScope } from '../tokens/scopes.ts';
import { issueTime } from '../tokens/times.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { userPlan } from '../tokens/user-plan.ts';
import type { Grant } from './grant.ts';

export const deviceCode: Grant = {
  grantType: 'urn:ietf:params:oauth:grant-type:device_code',
  parameters: ['device_code'],
  async handle({ form, client, beganAt, confirmation }, km) {
    const device = await findDeviceCode(km.store.db, tokenHash(form.require('device_code')));
    if (!device || device.consumer_key !== client.consumer_key) throw new OAuthError('invalid_grant', 'unknown code');
    if (device.state === 'USED') return presentedAgain(km, device);
    if (device.expires_at <= seconds(km.clock)) throw new OAuthError('expired_token', 'the code has expired');
    if (device.state === 'DENIED') throw new OAuthError('access_denied', 'the user did not agree');
    if (device.state === 'PENDING') return wait(km, device);

    const subject = device.subject as string;
    const issuedAt = await issueTime(km, { subject, client: client.consumer_key }, beganAt);
    const roles = await rolesOf(km, subject);
    if (!roles) throw new OAuthError('invalid_grant', 'the user is unknown');
    const plan = {
      ...(await userPlan(
        km,
        // What was revoked since the user agreed is not given.
        { client, beganAt: device.began_at as number, confirmation },
        { grantType: deviceCode.grantType, subject, roles, wanted: readScope(device.scope), issuedAt },
      )),
      family: device.id,
      logIn: readLogIn(device.log_in as string),
    } as const;
    const take = { state: 'USED' } as const;
    const issued = await issue(km, plan, mayUse(client, 'refresh_token'), (tx) =>
      changeDevice(tx, device.id, 'APPROVED', take),
    );
    return issued ?? presentedAgain(km, device);
  },
};

/** Whoever asks too soon waits five seconds longer each time, from then on (section 3.5). */
async function wait(km: KeyManager, { id, interval_seconds, polled_at_ms }: DeviceCodeRow): Promise<never> {
  const now = km.clock.now();
  const early = now - polled_at_ms < interval_seconds * 1000;
  const interval = interval_seconds + (early ? 5 : 0);
  await km.write((tx) => pollDevice(tx, id, { interval_seconds: interval, polled_at_ms: now }));
  throw early
    ? new OAuthError('slow_down', `ask every ${interval} seconds`)
    : new OAuthError('authorization_pending', 'nobody has let the device in yet');
}
