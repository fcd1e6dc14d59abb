/** One request at an endpoint, and the key manager that answers it. */
import type { X509Certificate } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PrivateAddresses } from '../adapters/outbound/fetch-outside.ts';
import type { KeptDocuments } from '../adapters/outbound/kept-documents.ts';
import type { KeySets } from '../adapters/outbound/key-sets.ts';
import type { AccessTokenRow, HandedOut } from '../adapters/stores/access-tokens.ts';
import type { ClientRow } from '../adapters/stores/clients.ts';
import type { JoinedTransaction } from '../adapters/stores/join-transactions.ts';
import type { SessionRow } from '../adapters/stores/sessions.ts';
import type { Store, StoreHead } from '../adapters/stores/store.ts';
import type { SignUpRule } from '../adapters/user-stores/sign-up.ts';
import type { User, UserStore } from '../adapters/user-stores/user-store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Seal } from '../platform/seal.ts';
import type { IssuerKeys } from './assertions/issuer-keys.ts';
import type { AuthorizationAnswer } from './authorization/answer.ts';
import type { ClientCredentials } from './client-auth/client-authentication.ts';
import type { KnownClients } from './clients/known-clients.ts';
import type { OpenIdProvider } from './federation/oidc/read-metadata.ts';
import type { Turns } from './federation/turns.ts';
import type { Form } from './form.ts';
import type { Grant } from './grants/grant.ts';
import type { OAuthError } from './oauth-error.ts';
import type { KeyManagerOptions } from './options.ts';
import type { Remembered } from './remembered.ts';
import type { SignOn } from './service-providers/sign-on.ts';
import type { SigningKeys } from './signing-keys/signing-keys.ts';
import type { Confirmation } from './tokens/confirmation.ts';
import type { insertTogether } from './tokens/insert-together.ts';
import type { Revoker } from './tokens/revoker.ts';

/** The options of tokens, and under which addresses clients reach the key manager. */
export type IssuerOptions = KeyManagerOptions['tokens'] & {
  /** `iss` of what it issues, and where its metadata are: `https://localhost:9443/oauth2/token`. */
  readonly issuer: string;
  /** Scheme, host and port: `https://localhost:9443`. */
  readonly publicUrl: string;
  /** Every address under which clients call the token endpoint, at gateways too. */
  readonly tokenUrls: readonly string[];
};

/** What every endpoint works with. */
export interface KeyManager {
  readonly store: Store;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: IssuerOptions;
  readonly users: UserStore;
  readonly keys: SigningKeys;
  /** By `grant_type`: those that the token endpoint serves. */
  readonly grants: ReadonlyMap<string, Grant>;
  /** Of issuers whose assertions are taken. */
  readonly issuerKeys: IssuerKeys;
  /** That clients and identity providers publish. */
  readonly keySets: KeySets;
  /** What identity providers publish of themselves. */
  readonly openIdProviders: KeptDocuments<OpenIdProvider>;
  /** Of log-ins at identity providers. */
  readonly turns: Turns;
  readonly revoker: Revoker;
  /** The transaction in which tokens are written, shared by the requests of a moment. */
  readonly write: JoinedTransaction;
  /** Writes an access token with no more to it, together with others (`insertTogether`). */
  readonly insertToken: ReturnType<typeof insertTogether>;
  readonly clients: KnownClients;
  /** Up to which second tokens of a subject and client are revoked (`issueTime`), by the head's `revokedAll`. */
  readonly bounds: Remembered<number>;
  /** Opaque tokens that are handed out at present, by the head's `number`: it grows whenever one dies before its time. */
  readonly handedOut: Remembered<HandedOut | null>;
  /** Rows of access tokens that were asked about, by the same number: by `jti`, or the hash of an opaque one. */
  readonly tokenRows: Remembered<AccessTokenRow | null>;
  /** Of the certificates of clients. */
  readonly clientAuthorities: readonly X509Certificate[];
  readonly signUp: SignUpRule;
  /** Where browsers are sent to log in; empty = a page of ours. */
  readonly logInUrl: string;
  /** Whether addresses that clients give may be private ones. */
  readonly privateAddresses: PrivateAddresses;
  readonly isEnrolledGateway: (request: FastifyRequest) => boolean;
}

/** What the steps of an endpoint have found out so far. */
export class Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The parameters: of a request for authorization that was pushed, those that were. */
  form: Form;
  /** What the client showed to prove who it is; null = nothing. */
  credentials: ClientCredentials | null = null;
  #client: ClientRow | undefined;
  #grant: Grant | undefined;
  #scopes: readonly string[] | undefined;
  #began: StoreHead | undefined;
  #signOn: SignOn | undefined;
  /** The user whose name and password came with the request, where an endpoint takes users. */
  user: User | null = null;
  /** Hash of the name of the pushed request for authorization; null = it was not pushed. */
  pushed: string | null = null;
  /** The keys that the request proves. */
  confirmation: Confirmation = {};
  /** Where an authorization request is answered, once that is known to be the client's; null = on a page of ours. */
  answerTo: AuthorizationAnswer | null = null;
  /** The browser's; null = nobody has logged in. */
  session: SessionRow | null = null;

  constructor(request: FastifyRequest, reply: FastifyReply, form: Form) {
    this.request = request;
    this.reply = reply;
    this.form = form;
  }

  /** The client, once it is authenticated. */
  get client(): ClientRow {
    return found(this.#client, 'authenticateClient');
  }
  set client(client: ClientRow) {
    this.#client = client;
  }
  get hasClient(): boolean {
    return this.#client !== undefined;
  }

  /** Where the store stood when the call began, once it is remembered. */
  get began(): StoreHead {
    return found(this.#began, 'rememberBeginning');
  }
  set began(head: StoreHead) {
    this.#began = head;
  }
  /** Number of the newest change then that revokes everything of a subject or of a client. */
  get beganAt(): number {
    return this.began.revokedAll;
  }

  /** The grant, once it is selected. */
  get grant(): Grant {
    return found(this.#grant, 'selectGrant');
  }
  set grant(grant: Grant) {
    this.#grant = grant;
  }

  /** The scopes that the client gets for the user of the session, once that is decided. */
  get scopes(): readonly string[] {
    return found(this.#scopes, 'decideScope');
  }
  set scopes(scopes: readonly string[]) {
    this.#scopes = scopes;
  }

  /** What a service provider asks for, once it is read. */
  get signOn(): SignOn {
    return found(this.#signOn, 'readRequest');
  }
  set signOn(signOn: SignOn) {
    this.#signOn = signOn;
  }
}

/** One thing that an endpoint does with a call. Refuses by throwing an `OAuthError`; the last step answers. */
export type Step = (call: Call, km: KeyManager) => void | Promise<void>;

/** Seconds since the epoch. */
export const seconds = (clock: Clock): number => Math.floor(clock.now() / 1000);

function found<T>(value: T | undefined, step: string): T {
  if (value === undefined) throw new Error(`the step ${step} has to come before`);
  return value;
}

/** How an endpoint tells that it refuses. */
export type Refuse = (call: Call, error: OAuthError, km: KeyManager) => void;
