/** Which gateways may follow: invitations, certificates, expulsion. Ours, the original has no such operations. */
import { randomBytes } from 'node:crypto';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import {
  expelGateway,
  hashOfSecret,
  insertInvitation,
  listExpulsions,
  listGatewayCertificates,
} from '../../../adapters/stores/gateways.ts';
import { formatEnrolmentCode } from '../../../core/enrolment-code.ts';
import { type Expulsion, expelledBy, isExpelled } from '../../../core/expulsion.ts';
import { gatewayNameRule, isGatewayName, ownGatewayName } from '../../../core/gateway-name.ts';
import { authorityFingerprint } from '../../../platform/gateway-issuer.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';

const invite: Operation = async (call, deps) => {
  const { store, clock, gatewayIssuer } = deps;
  const { name, validity } = call.json<{ name?: string; validity: number }>();
  if (name !== undefined && (!isGatewayName(name) || name === ownGatewayName)) {
    throw new RestError(400, `name: expected ${gatewayNameRule}, and not "${ownGatewayName}".`);
  }
  if (!gatewayIssuer.issue) {
    throw new RestError(503, 'This node does not have the key of the authority; ask one that has.');
  }
  const secret = randomBytes(16).toString('base64url');
  const now = seconds(clock);
  const expires = now + validity;
  await store.transaction(async (tx) => {
    await insertInvitation(tx, {
      code_hash: hashOfSecret(secret),
      name: name ?? null,
      created_by: call.caller.fullName,
      created_at: now,
      expires_at: expires,
      used_at: null,
    });
    const after = { expires: time(expires) };
    await audit(tx, deps, { actor: call.caller.fullName, action: 'invite', name: name ?? '', after });
  });
  const code = formatEnrolmentCode({ secret, authority: authorityFingerprint(gatewayIssuer.authority) });
  return { status: 201, body: { code, ...(name !== undefined && { name }), expires: time(expires) } };
};

const list: Operation = async (_call, { store, clock }) => {
  const now = seconds(clock);
  const expelled = await listExpulsions(store.db);
  const refused = expelledBy(expelled);
  const rows = await listGatewayCertificates(store.db);
  const certificates = rows.map(({ name, serial, fingerprint, issued_at, expires_at }) => ({
    name,
    serial,
    fingerprint,
    issued: time(issued_at),
    expires: time(expires_at),
    state: isExpelled(refused, { name, fingerprint, issued: issued_at })
      ? 'EXPELLED'
      : expires_at <= now
        ? 'EXPIRED'
        : 'ENROLLED',
  }));
  return ok({
    count: certificates.length,
    list: certificates,
    // Also of those whose certificates are not known here: of the gateway of this machine, or issued after a backup.
    expulsions: expelled.map(({ gateway, issuedBefore }) => ({ gateway, issuedBefore: time(issuedBefore) })),
  });
};

const expel: Operation = async (call, deps) => {
  const { gateway } = call.json<{ gateway: string }>();
  const expulsion = await deps.store.transaction(async (tx) => {
    const known = await listGatewayCertificates(tx.db);
    const here = deps.connectedGateways();
    const isKnown = [...known, ...here].some(({ name, fingerprint }) => name === gateway || fingerprint === gateway);
    if (!isKnown && gateway !== ownGatewayName) {
      throw new RestError(404, `There is no gateway with the name or fingerprint ${gateway}.`);
    }
    // The clock of another node may be ahead of this one's.
    const issued = known.filter(({ name }) => name === gateway).map((row) => row.issued_at);
    const made: Expulsion = { gateway, issuedBefore: Math.max(seconds(deps.clock), ...issued) };
    expelGateway(tx, made);
    await audit(tx, deps, { actor: call.caller.fullName, action: 'expel', name: gateway });
    return made;
  });
  return { status: 201, body: { gateway, issuedBefore: time(expulsion.issuedBefore) } };
};

export const enrolment: Operations = {
  'POST /gateways/invitations': invite,
  'GET /gateways/certificates': list,
  'POST /gateways/expulsions': expel,
};

const time = (at: number): string => new Date(at * 1000).toISOString();

function audit(
  tx: Parameters<typeof recordAudit>[0],
  { clock }: Pick<ControlPlaneDeps, 'clock'>,
  entry: { actor: string; action: string; name: string; after?: unknown },
): Promise<void> {
  return recordAudit(tx, { ...entry, kind: 'gateway', id: entry.name, at: clock.now() });
}
