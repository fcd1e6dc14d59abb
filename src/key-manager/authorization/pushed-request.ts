/** Requests for authorization that the client has sent itself: the browser brings their name only (RFC 9126). */
import { randomBytes } from 'node:crypto';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import {
  countPushed,
  endPushed,
  findPushed,
  insertPushed,
  type PushedRow,
} from '../../adapters/stores/pushed-requests.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { type Call, type KeyManager, type Step, seconds } from '../call.ts';
import { isPublic, metadataOf } from '../clients/client-metadata.ts';
import { type Form, parseForm } from '../form.ts';
import { readDone } from '../log-in/interaction.ts';
import { OAuthError } from '../oauth-error.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { queryOf } from './read-request.ts';

/** RFC 9126 section 2.2. */
const prefix = 'urn:ietf:params:oauth:request_uri:';

/** Of one public client that are kept: anybody can push for it. */
const mostKept = 10_000;

/** Keeps the request, and gives it its name. @throws OAuthError temporarily_unavailable */
export async function keepRequest(km: KeyManager, client: ClientRow, parameters: Form): Promise<string> {
  const uri = prefix + randomBytes(32).toString('base64url');
  const row: PushedRow = {
    id_hash: tokenHash(uri),
    consumer_key: client.consumer_key,
    parameters: parameters.toString(),
    expires_at: seconds(km.clock) + km.options.pushedRequestValidity,
    state: 'ACTIVE',
  };
  const isKept = await km.write(async (tx) => {
    if (isPublic(client) && (await countPushed(tx.db, client.consumer_key)) >= mostKept) return false;
    await insertPushed(tx, row);
    return true;
  });
  if (isKept) return uri;
  const headers = { 'retry-after': '60' };
  throw new OAuthError('temporarily_unavailable', 'too many requests of this client are kept', 503, headers);
}

/** The request is the pushed one that the query names; nothing else in the query counts (RFC 9101 section 6.3). */
export const usePushedRequest: Step = async (call, km) => {
  const row = await findNamed(km, call.form);
  if (!row) return;
  if (row === 'unknown' || row.consumer_key !== call.form.require('client_id')) {
    throw wrong('the client has pushed no such request');
  }
  if (row.state !== 'ACTIVE') throw wrong('the request was answered already; begin once more');
  const { logInSince, decision } = readDone(km, queryOf(call));
  const onPages = logInSince !== null || decision !== null;
  if (row.expires_at <= seconds(km.clock) && !onPages) throw wrong('the request is too old; begin once more');
  call.form = parseForm(Buffer.from(row.parameters));
  call.pushed = row.id_hash;
};

/** Uses the request up, if it was pushed, in the transaction that answers it. False when it was answered already. */
export const takePushed = async (tx: StoreTransaction, { pushed }: Pick<Call, 'pushed'>): Promise<boolean> =>
  pushed === null || endPushed(tx, pushed);

export const answered = (): OAuthError => wrong('the pushed request was answered already');

/** For whom it is not enough that a browser brings the request. */
export const requirePushedRequest: Step = ({ client, pushed }, km) => {
  const required =
    km.options.requirePushedRequests || metadataOf(client).require_pushed_authorization_requests === true;
  if (required && pushed === null) {
    throw new OAuthError('invalid_request', 'the request has to be pushed first (RFC 9126)');
  }
};

/** The parameters of the request that a page is about. */
export async function parametersOf(km: KeyManager, query: string): Promise<Form> {
  const form = parseForm(Buffer.from(query));
  const row = await findNamed(km, form);
  if (row === 'unknown') throw wrong('the request is too old; begin once more');
  return row ? parseForm(Buffer.from(row.parameters)) : form;
}

async function findNamed(km: KeyManager, form: Form): Promise<PushedRow | 'unknown' | null> {
  const uri = form.get('request_uri');
  if (!uri?.startsWith(prefix)) return null;
  return (await findPushed(km.store.db, tokenHash(uri))) ?? 'unknown';
}

const wrong = (why: string): OAuthError => new OAuthError('invalid_request_uri', why);
