/** Key sets that others publish at addresses that a user gave (RFC 7517 section 5). */
import type { PublicJwk } from '../../core/token.ts';
import type { Clock } from '../../platform/clock.ts';
import { readKeys } from '../key-managers/jwks.ts';
import type { PrivateAddresses } from './fetch-outside.ts';
import { type KeptDocuments, keepDocuments } from './kept-documents.ts';

export type KeySets = KeptDocuments<readonly PublicJwk[]>;

export const openKeySets = (clock: Clock, privateAddresses: PrivateAddresses): KeySets =>
  keepDocuments({ accept: 'application/jwk-set+json, application/json', read: readKeys }, clock, privateAddresses);
