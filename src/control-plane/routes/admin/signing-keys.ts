/** The keys that sign tokens: shown, rotated, imported, retired, revoked. Ours, the original has no such operations. */
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { never } from '../../../core/revocation.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { DecideSigningKey, NextSigningKey, SigningKey } from '../../key-manager.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { writeTime } from '../../services/revocations/read-time.ts';

const list: Operation = async (_call, { keyManager }) => {
  const keys = await keyManager.signingKeys.list();
  return ok({ count: keys.length, list: keys.map(write) });
};

const rotate: Operation = async (call, deps) => {
  const key = await deps.keyManager.signingKeys.rotate(call.json<NextSigningKey>(), audit(deps, call.caller, 'rotate'));
  return { status: 201, body: write(key) };
};

const importKey: Operation = async (call, deps) => {
  const given = call.json<NextSigningKey & { key: string; passphrase?: string }>();
  const key = await deps.keyManager.signingKeys.importKey(given, audit(deps, call.caller, 'import'));
  return { status: 201, body: write(key) };
};

const end =
  (action: 'retire' | 'revoke'): Operation =>
  async (call, deps) => {
    const kid = call.param('kid');
    const key = await deps.keyManager.signingKeys[action](kid, audit(deps, call.caller, action));
    if (!key) throw new RestError(404, `There is no signing key ${kid}.`);
    return ok(write(key));
  };

export const signingKeys: Operations = {
  'GET /signing-keys': list,
  'POST /signing-keys': rotate,
  'POST /signing-keys/import': importKey,
  'POST /signing-keys/{kid}/retire': end('retire'),
  'POST /signing-keys/{kid}/revoke': end('revoke'),
};

/** A key that never ceases to be needed has no end. */
const write = ({ createdAt, signsFrom, signsUntil, neededUntil, ...key }: SigningKey) => ({
  ...key,
  created: writeTime(createdAt),
  signsFrom: writeTime(signsFrom),
  ...(signsUntil !== undefined && { signsUntil: writeTime(signsUntil) }),
  ...(neededUntil < never && { neededUntil: writeTime(neededUntil) }),
});

const audit =
  ({ clock }: ControlPlaneDeps, { fullName }: { readonly fullName: string }, action: string): DecideSigningKey =>
  (tx, { kid, algorithm, phase, signsFrom }) =>
    recordAudit(tx, {
      actor: fullName,
      action,
      kind: 'signing-key',
      id: kid,
      name: kid,
      after: { algorithm, phase, signsFrom: writeTime(signsFrom) },
      at: clock.now(),
    });
