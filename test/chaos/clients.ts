/**
 * Who uses the cluster: clients that get tokens, use them at every gateway, revoke some and go on using those, which
 * is the test. What they do and what they are answered goes into the history.
 */
import { Pool } from 'undici';
import { revokeClientTokens } from '../../src/adapters/stores/revocations.ts';
import { type Cluster, issuer } from './cluster.ts';
import type { GatewayNode } from './gateway-node.ts';
import type { RevocationRecord } from './history.ts';
import { LogIns } from './log-ins.ts';
import type { Random } from './random.ts';
import type { Recorder } from './recorder.ts';
import { TokenClient } from './token-client.ts';

export interface Rates {
  /** At all gateways together, besides those that look for the first refusal after a revocation. */
  readonly requestsPerSecond: number;
  readonly revocationsPerSecond: number;
}

/** Tokens that are good at the same time. */
const goodTokens = 80;
/** Turns of those who log in. */
const logInsPerSecond = 4;
/** Milliseconds between two turns of the clients. */
const turn = 10;
/** Requests under way at one gateway at most: one that hangs must not take all memory. */
const atOnce = 48;
/** Milliseconds for which refusals are looked for after a revocation, and between two looks. */
const watch = { for: 10_000, first: 2, growth: 1.5, most: 300, unanswered: 200 };
/** Seconds between revocations of everything that a client has. */
const clientRevocationEvery = 7;
/** Tokens whose revocation is recent enough that a gateway could have missed it. */
const recent = 60;

export class Clients {
  readonly #cluster: Cluster;
  readonly #recorder: Recorder;
  readonly #random: Random;
  readonly #tokens: TokenClient;
  readonly #logIns: LogIns;
  readonly #keyManagers: readonly Pool[];
  readonly #texts: string[] = [];
  /** Indexes of tokens. */
  readonly #good = new Set<number>();
  readonly #revoked: number[] = [];
  readonly #underWay: number[];
  readonly #work = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #issuing = 0;
  /** Requests that were left out because too many were under way. */
  skipped = 0;

  constructor(cluster: Cluster, recorder: Recorder, random: Random) {
    this.#cluster = cluster;
    this.#recorder = recorder;
    this.#random = random;
    this.#keyManagers = cluster.keyManagers.map(
      ({ url }) => new Pool(url, { connections: 16, headersTimeout: 5000, connect: { rejectUnauthorized: false } }),
    );
    this.#tokens = new TokenClient(this.#keyManagers, random);
    this.#underWay = cluster.gateways.map(() => 0);
    this.#logIns = new LogIns(cluster, recorder, random, this.#tokens, {
      admit: (application, text, asked) => this.#admit(application, text, asked),
      claim: (token) => this.#good.delete(token),
      revoking: (token, start) => this.#revoking(token, start),
    });
  }

  /** @throws Error when the store can't be written to */
  prepare(): Promise<void> {
    return this.#logIns.prepare();
  }

  start({ requestsPerSecond, revocationsPerSecond }: Rates): void {
    let last = this.#recorder.now();
    let requests = 0;
    let revocations = 0;
    let sinceClient = 0;
    let logIns = 0;
    this.#timer = setInterval(() => {
      const now = this.#recorder.now();
      const seconds = Math.min((now - last) / 1000, 0.5);
      last = now;
      for (requests += requestsPerSecond * seconds; requests >= 1; requests--) this.#useOne();
      for (revocations += revocationsPerSecond * seconds; revocations >= 1; revocations--) this.#revokeOne();
      for (logIns += logInsPerSecond * seconds; logIns >= 1; logIns--) this.#begin(this.#logIns.turn());
      if ((sinceClient += seconds) > clientRevocationEvery) {
        sinceClient = 0;
        this.#begin(this.#revokeClient());
      }
      // As many as were revoked, and a few at a time when they are all gone.
      while (this.#good.size + this.#issuing < goodTokens && this.#issuing < 8) this.#begin(this.#issue());
    }, turn);
  }

  /** Ends what repeats, and resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await Promise.all(this.#work);
  }

  /** Uses every token once more at every gateway. */
  async useAll(): Promise<void> {
    const all = this.#texts.flatMap((_text, token) => this.#cluster.gateways.map((gateway) => ({ token, gateway })));
    const next = all.values();
    const workers = Array.from({ length: 24 }, async () => {
      for (const { token, gateway } of next) await this.#useFinally(token, gateway);
    });
    await Promise.all(workers);
  }

  async close(): Promise<void> {
    await Promise.all(this.#keyManagers.map((pool) => pool.destroy()));
  }

  #begin(work: Promise<unknown>): void {
    const done = work.then(() => void this.#work.delete(done));
    this.#work.add(done);
  }

  async #issue(): Promise<void> {
    this.#issuing++;
    try {
      const { applications } = this.#cluster;
      const application = this.#random.whole(applications.length);
      const { key, secret } = applications[application] as (typeof applications)[number];
      const asked = this.#recorder.now();
      const text = await this.#tokens.issue(key, secret);
      if (text === null) return;
      await this.#admit(application, text, asked);
    } finally {
      this.#issuing--;
    }
  }

  async #admit(application: number, text: string, asked: number): Promise<number> {
    const { form } = this.#cluster.applications[application] as Cluster['applications'][number];
    const token = this.#recorder.tokens.push({ form, application, asked, got: this.#recorder.now() }) - 1;
    this.#texts.push(text);
    for (const revocation of this.#clientRevocations.get(application) ?? []) {
      if (asked < (revocation.answered ?? Number.POSITIVE_INFINITY)) revocation.doubtful.push(token);
    }
    // Every gateway has it in its caches before it can be revoked.
    await Promise.all(this.#cluster.gateways.map((gateway) => this.#use(token, gateway)));
    this.#good.add(token);
    return token;
  }

  #revoking(token: number, start: number) {
    const revocation: Revocation = { by: 'token', tokens: [token], doubtful: [], start, answered: null };
    this.#recorder.revocations.push(revocation);
    return {
      answered: (at: number) => {
        revocation.answered = at;
        this.#revoked.push(token);
        this.#begin(this.#watch(token, at));
      },
      unknown: () => void this.#revoked.push(token),
    };
  }

  #useOne(): void {
    const gateway = this.#random.pick(this.#cluster.gateways);
    const kind = this.#random.next();
    const good = [...this.#good];
    const old = this.#revoked;
    if (good.length > 0 && (kind < 0.55 || old.length === 0)) this.#begin(this.#use(this.#random.pick(good), gateway));
    else if (old.length > 0) this.#begin(this.#use(this.#random.pick(kind < 0.85 ? old.slice(-recent) : old), gateway));
  }

  #revokeOne(): void {
    if (this.#good.size === 0) return;
    const token = this.#random.pick([...this.#good]);
    this.#good.delete(token);
    this.#begin(this.#revoke(token));
  }

  async #revoke(token: number): Promise<void> {
    const { applications } = this.#cluster;
    const application = this.#recorder.tokens[token]?.application as number;
    const { key, secret } = applications[application] as (typeof applications)[number];
    const revocation = this.#note({ by: 'token', tokens: [token] });
    // Whoever gets no answer asks again; it may have been done the first time.
    for (let tries = 0; tries < 6 && !this.#stopping; tries++) {
      if (await this.#tokens.revoke(this.#texts[token] as string, key, secret)) {
        revocation.answered = this.#recorder.now();
        this.#begin(this.#watch(token, revocation.answered));
        break;
      }
      await pause(300);
    }
    this.#revoked.push(token);
  }

  readonly #clientRevocations = new Map<number, Revocation[]>();

  /** A third node on the store revokes all that a client has. */
  async #revokeClient(): Promise<void> {
    const { applications, store } = this.#cluster;
    const application = this.#random.whole(applications.length);
    const { key } = applications[application] as (typeof applications)[number];
    const tokens = this.#recorder.tokens.flatMap((token, index) => (token.application === application ? [index] : []));
    const revocation = this.#note({ by: 'client', application, tokens });
    this.#clientRevocations.set(application, [...(this.#clientRevocations.get(application) ?? []), revocation]);
    const live = tokens.filter((token) => this.#good.delete(token));
    try {
      await store.transaction((tx) => revokeClientTokens(tx, issuer, key, Math.floor(Date.now() / 1000)));
      revocation.answered = this.#recorder.now();
      for (const token of live) this.#begin(this.#watch(token, revocation.answered));
    } catch {
      // The store is down, and whether it was done nobody knows.
    }
    this.#revoked.push(...live);
  }

  #note(what: Pick<Revocation, 'by' | 'tokens' | 'application'>): Revocation {
    const revocation: Revocation = { ...what, doubtful: [], start: this.#recorder.now(), answered: null };
    this.#recorder.revocations.push(revocation);
    return revocation;
  }

  /** Uses a revoked token at every gateway until it is refused there. */
  async #watch(token: number, since: number): Promise<void> {
    const look = async (gateway: GatewayNode): Promise<void> => {
      for (let wait = watch.first; !this.#stopping; wait = Math.min(wait * watch.growth, watch.most)) {
        const status = await this.#use(token, gateway);
        if (status === 401 || this.#recorder.now() - since > watch.for) return;
        await pause(status === 0 ? Math.max(wait, watch.unanswered) : wait);
      }
    };
    await Promise.all(this.#cluster.gateways.map(look));
  }

  async #useFinally(token: number, gateway: GatewayNode): Promise<void> {
    // A connection that was kept may have ended just now; whatever else is no answer is one at the third attempt.
    for (let tries = 1; ; tries++) {
      const answer = await this.#send(token, gateway);
      if (tries < 3 && (answer.status === 0 || answer.status >= 500)) continue;
      this.#recorder.requests.push({ ...answer, final: true });
      return;
    }
  }

  /** Resolves with the status; 0 = none. */
  async #use(token: number, gateway: GatewayNode): Promise<number> {
    if ((this.#underWay[gateway.index] as number) >= atOnce) {
      this.skipped++;
      return 0;
    }
    (this.#underWay[gateway.index] as number)++;
    const answer = await this.#send(token, gateway);
    (this.#underWay[gateway.index] as number)--;
    this.#recorder.requests.push(answer);
    return answer.status;
  }

  async #send(token: number, { index, traffic }: GatewayNode) {
    const start = this.#recorder.now();
    const of = { token, gateway: index, start };
    try {
      const headers = { authorization: `Bearer ${this.#texts[token]}` };
      const { statusCode, body } = await traffic.request({ path: '/echo/1.0.0/x', method: 'GET', headers });
      const text = await body.text();
      const code = statusCode < 400 ? 0 : Number(/"code":(\d+)/.exec(text)?.[1] ?? 0);
      return { ...of, end: this.#recorder.now(), status: statusCode, code };
    } catch {
      return { ...of, end: this.#recorder.now(), status: 0, code: 0 };
    }
  }
}

type Revocation = { -readonly [Key in keyof RevocationRecord]: RevocationRecord[Key] } & { doubtful: number[] };

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
