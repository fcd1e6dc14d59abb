/** Gets and revokes tokens at the key managers, at whichever of them answers. */
import type { Pool } from 'undici';
import { basic } from '../support/call.ts';
import type { Random } from './random.ts';

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

export class TokenClient {
  readonly #keyManagers: readonly Pool[];
  readonly #random: Random;
  #devices = 0;

  constructor(keyManagers: readonly Pool[], random: Random) {
    this.#keyManagers = keyManagers;
    this.#random = random;
  }

  /** null = no key manager gave one. */
  async issue(key: string, secret: string): Promise<string | null> {
    // Of the same scope an application would get the same opaque token again.
    const form = { grant_type: 'client_credentials', scope: `device_${this.#devices++}` };
    const answer = await this.#post('/oauth2/token', form, key, secret);
    return answer?.status === 200 ? (JSON.parse(answer.text) as { access_token: string }).access_token : null;
  }

  /** A code for the user whose browser has this cookie; null = none came. */
  async authorize(key: string, scope: string, redirectUri: string, cookie: string): Promise<string | null> {
    const asked = { response_type: 'code', client_id: key, scope, redirect_uri: redirectUri, prompt: 'none' };
    try {
      const { headers, body } = await this.#random.pick(this.#keyManagers).request({
        path: `/oauth2/authorize?${new URLSearchParams(asked)}`,
        method: 'GET',
        headers: { cookie },
      });
      await body.dump();
      return new URL(String(headers.location)).searchParams.get('code');
    } catch {
      return null;
    }
  }

  /** What a code or refresh token gives; `refused` = `invalid_grant`, null = nobody knows. */
  async exchange(form: Record<string, string>, key: string, secret: string): Promise<Tokens | 'refused' | null> {
    const answer = await this.#post('/oauth2/token', form, key, secret);
    if (answer?.status === 200) return JSON.parse(answer.text) as Tokens;
    return answer?.status === 400 && answer.text.includes('invalid_grant') ? 'refused' : null;
  }

  /** Whether a key manager said that it is done; if not, it may be done all the same. */
  async revoke(token: string, key: string, secret: string): Promise<boolean> {
    return (await this.#post('/oauth2/revoke', { token }, key, secret))?.status === 200;
  }

  async #post(path: string, form: Record<string, string>, key: string, secret: string) {
    try {
      const { statusCode, body } = await this.#random.pick(this.#keyManagers).request({
        path,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: basic(key, secret) },
        body: new URLSearchParams(form).toString(),
      });
      return { status: statusCode, text: await body.text() };
    } catch {
      return null;
    }
  }
}
