/** An application that users log in for, as its developer makes it in the portal of a running Postern. */
import assert from 'node:assert/strict';
import { logIn, restClient } from './rest.ts';

export interface LogInApplication {
  readonly consumerKey: string;
  readonly consumerSecret: string;
}

/** Where its users come back to. */
export const callback = 'https://client.example.com/cb';

/** It may call the sample API. @param more of the request for its keys */
export async function addLogInApplication(server: string, name: string, more: object = {}): Promise<LogInApplication> {
  const scopes = ['apim:subscribe', 'apim:app_manage', 'apim:sub_manage'];
  const portal = restClient(`${server}/api/am/store/v1`, await logIn(server, { scopes }));
  const created = await portal.post('/applications', { name, throttlingPolicy: 'Unlimited' });
  const { applicationId } = created.json();
  const [api] = (await portal.get('/apis')).json().list;
  const subscription = { applicationId, apiId: api.id, throttlingPolicy: 'Unlimited' };
  assert.equal((await portal.post('/subscriptions', subscription)).status, 201);
  const keys = await portal.post(`/applications/${applicationId}/generate-keys`, {
    keyType: 'PRODUCTION',
    grantTypesToBeSupported: ['authorization_code', 'refresh_token'],
    callbackUrl: callback,
    ...more,
  });
  assert.equal(keys.status, 200, keys.body);
  return keys.json();
}
