/**
 * Clients that let a user log in: they get codes, exchange them, refresh what they got, and now and then present a code
 * twice. The user's browser has a session that was begun before the run.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { putConsent } from '../../src/adapters/stores/consents.ts';
import { insertSession } from '../../src/adapters/stores/sessions.ts';
import { tokenHash } from '../../src/key-manager/tokens/token-hash.ts';
import { type Cluster, callbackUrl } from './cluster.ts';
import type { PresentationRecord } from './history.ts';
import type { Random } from './random.ts';
import type { Recorder } from './recorder.ts';
import type { TokenClient, Tokens } from './token-client.ts';

/** What the other clients do for these. */
export interface LogInHost {
  /** A token that came: it is used at every gateway, and may be revoked from then on. Resolves with its index. */
  admit(application: number, text: string, asked: number): Promise<number>;
  /** Nobody else revokes the token any more. False if somebody did. */
  claim(token: number): boolean;
  /** Notes what may revoke a token: it is watched from when that was `answered`, or nobody knows. */
  revoking(token: number, start: number): { answered(at: number): void; unknown(): void };
}

interface LogIn {
  readonly application: number;
  /** Index of the access token, and number of the refresh token that came with it. */
  readonly token: number;
  readonly refreshToken: string;
  readonly which: number;
  readonly asked: number;
}

const subject = 'mary@carbon.super';
/** Log-ins that go on at the same time. */
const most = 30;
/** Of the same scope a user's opaque token would be handed out again; these come again when the tokens of the first are gone. */
const scopes = 3000;
const scopeOf = (number: number): string => `device_log_in_${number % scopes}`;
const allScopes = Array.from({ length: scopes }, (_one, at) => scopeOf(at)).join(' ');
/** Share of the codes that are presented again. */
const presentedAgain = 0.15;

export class LogIns {
  readonly #cluster: Cluster;
  readonly #recorder: Recorder;
  readonly #random: Random;
  readonly #client: TokenClient;
  readonly #host: LogInHost;
  readonly #live: LogIn[] = [];
  #cookie = '';
  #codes = 0;
  #refreshTokens = 0;

  constructor(cluster: Cluster, recorder: Recorder, random: Random, client: TokenClient, host: LogInHost) {
    this.#cluster = cluster;
    this.#recorder = recorder;
    this.#random = random;
    this.#client = client;
    this.#host = host;
  }

  /** Begins the browser's session, and agrees to everything. */
  async prepare(): Promise<void> {
    const secret = randomBytes(32).toString('base64url');
    const now = Math.floor(Date.now() / 1000);
    await this.#cluster.store.transaction(async (tx) => {
      await insertSession(tx, {
        id: randomUUID(),
        secret_hash: tokenHash(secret),
        tenant: 'carbon.super',
        subject,
        methods: 'pwd',
        authenticated_at: now,
        created_at: now,
        expires_at: now + 86_400,
        address: '127.0.0.1',
        user_agent: 'chaos',
        provider_id: null,
      });
      for (const { key } of this.#cluster.applications) {
        await putConsent(tx, { subject, consumer_key: key, scope: allScopes, granted_at: now });
      }
    });
    this.#cookie = `__Host-postern-session=${secret}`;
  }

  /** One turn: somebody logs in, or what somebody has is refreshed. */
  turn(): Promise<void> {
    if (this.#live.length < most && this.#random.next() < 0.5) return this.#logIn();
    const [logIn] = this.#live.length === 0 ? [] : this.#live.splice(this.#random.whole(this.#live.length), 1);
    return logIn ? this.#refresh(logIn) : this.#logIn();
  }

  async #logIn(): Promise<void> {
    const application = this.#random.whole(this.#cluster.applications.length);
    const { key } = this.#application(application);
    const asked = this.#recorder.now();
    const code = await this.#client.authorize(key, scopeOf(this.#codes), callbackUrl, this.#cookie);
    const which = this.#codes++;
    if (code === null) return;
    const present = () =>
      this.#present(
        { what: 'code', which, application, token: null, issued: asked },
        { grant_type: 'authorization_code', code, redirect_uri: callbackUrl },
      );
    const tokens = await present();
    if (tokens === null) {
      // Who gets no answer tries once more, and can rely on nothing: the first may be done late, and end what the second gave.
      await present();
      return;
    }
    const token = await this.#host.admit(application, tokens.access_token, asked);
    if (this.#random.next() < presentedAgain) {
      if (!this.#host.claim(token)) return;
      const revoking = this.#host.revoking(token, this.#recorder.now());
      await present();
      if (
        this.#recorder.presentations.findLast((one) => one.what === 'code' && one.which === which)?.answer === 'refused'
      ) {
        revoking.answered(this.#recorder.now());
      } else revoking.unknown();
      return;
    }
    this.#keep({ application, token, refreshToken: tokens.refresh_token, which: this.#refreshTokens++, asked });
  }

  async #refresh({ application, token, refreshToken, which, asked }: LogIn): Promise<void> {
    // Somebody has revoked it meanwhile: then there is nothing to refresh.
    if (!this.#host.claim(token)) return;
    const start = this.#recorder.now();
    const revoking = this.#host.revoking(token, start);
    const present = () =>
      this.#present(
        { what: 'refresh token', which, application, token, issued: asked },
        { grant_type: 'refresh_token', refresh_token: refreshToken },
      );
    const tokens = await present();
    if (tokens === null) {
      await present();
      return revoking.unknown();
    }
    revoking.answered(this.#recorder.now());
    const next = await this.#host.admit(application, tokens.access_token, start);
    this.#keep({
      application,
      token: next,
      refreshToken: tokens.refresh_token,
      which: this.#refreshTokens++,
      asked: start,
    });
  }

  #keep(logIn: LogIn): void {
    this.#live.push(logIn);
  }

  /** null = there are no tokens. */
  async #present(
    what: Omit<PresentationRecord, 'start' | 'end' | 'answer'>,
    form: Record<string, string>,
  ): Promise<Tokens | null> {
    const { key, secret } = this.#application(what.application);
    const start = this.#recorder.now();
    const answer = await this.#client.exchange(form, key, secret);
    const outcome = answer === 'refused' ? 'refused' : answer === null ? 'unknown' : 'tokens';
    this.#recorder.presentations.push({ ...what, start, end: this.#recorder.now(), answer: outcome });
    return typeof answer === 'string' ? null : answer;
  }

  #application(at: number) {
    return this.#cluster.applications[at] as Cluster['applications'][number];
  }
}
