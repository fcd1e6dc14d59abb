/**
 * How a gateway elsewhere gets its certificate: once with a code that an administrator made, later with the certificate
 * that it has. The key stays where it was made; what comes is a request for a certificate of it.
 */
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { recordAudit } from '../../adapters/stores/audit-log.ts';
import {
  findInvitation,
  type InvitationRow,
  insertGatewayCertificate,
  listExpulsions,
  listGatewayCertificates,
  useInvitation,
} from '../../adapters/stores/gateways.ts';
import type { Store, StoreTransaction } from '../../adapters/stores/store.ts';
import { expelledBy, isExpelled } from '../../core/expulsion.ts';
import { gatewayNameRule, isGatewayName, ownGatewayName } from '../../core/gateway-name.ts';
import type { Clock } from '../../platform/clock.ts';
import type { GatewayIssuer, IssuedCertificate } from '../../platform/gateway-issuer.ts';
import type { Log } from '../../platform/log.ts';
import { RestError } from '../../platform/rest-error.ts';
import { seconds } from '../deps.ts';

export interface EnrolmentDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly issuer: GatewayIssuer;
  /** Name of the gateway whose certificate a request has; null = none, or one that was expelled. */
  readonly enrolledName: (request: FastifyRequest) => string | null;
  /** Whether the store says that the certificate of a request was expelled, though this node may not have heard of it. */
  readonly isExpelled: (tx: StoreTransaction, request: FastifyRequest) => Promise<boolean>;
  /** Milliseconds that a wrong code waits for its answer. Default 1000. */
  readonly refusalDelay?: number;
}

/** Bytes of a request at most: a key, and a name. */
const bodyLimit = 16_384;
/** Wrong codes that wait at the same time. Those beyond are refused at once. */
const maxWaiting = 100;

/** What a gateway gets. */
export interface Enrolled {
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
}

/** Mounts `GET /internal/data/v1/authority` and `POST /internal/data/v1/enrolment` and `/renewal`. */
export function mountEnrolment(app: FastifyInstance, deps: EnrolmentDeps): void {
  const { store, clock, log, issuer, enrolledName, refusalDelay = 1000 } = deps;
  let waiting = 0;
  // It says nothing of why: whoever guesses learns nothing, and slowly.
  const refuse = async (request: FastifyRequest): Promise<never> => {
    if (waiting < maxWaiting) {
      waiting += 1;
      log.warn({ address: request.ip }, 'a gateway tried to enrol with a code that is not good');
      await setTimeout(refusalDelay).finally(() => {
        waiting -= 1;
      });
    }
    throw new RestError(403, 'The code is not good, or not any more.');
  };

  /** Anybody may have it; whether it is the right one, the code says. */
  app.get('/internal/data/v1/authority', { exposeHeadRoute: false }, async (_request, reply) =>
    reply.type('application/x-pem-file').send(issuer.authority),
  );

  app.post('/internal/data/v1/enrolment', { bodyLimit }, async (request): Promise<Enrolled> => {
    const now = seconds(clock);
    const { code } = bodyOf(request);
    const invitation = typeof code === 'string' ? await findInvitation(store.db, code, now) : null;
    if (!invitation) return refuse(request);
    const name = nameFor(invitation, bodyOf(request).name);
    const issued = await certify(issuer, name, request);
    const used = await store.transaction(async (tx) => {
      if (!(await useInvitation(tx, invitation, now))) return false;
      if (invitation.name === null) await refuseTaken(tx, name, now);
      await note(tx, { clock, actor: invitation.created_by, action: 'enrol', name, issued });
      return true;
    });
    if (!used) return refuse(request);
    log.info({ gateway: name, serial: issued.serial }, 'a gateway has enrolled');
    return { name, certificate: issued.cert };
  });

  // Before the body is read: strangers send nothing that is looked at.
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    if (enrolledName(request) !== null) return;
    throw new RestError(403, 'Only enrolled gateways may renew their certificate, with it.');
  };
  app.post('/internal/data/v1/renewal', { bodyLimit, onRequest }, async (request): Promise<Enrolled> => {
    const name = enrolledName(request) as string;
    const issued = await certify(issuer, name, request);
    await store.transaction(async (tx) => {
      if (await deps.isExpelled(tx, request)) throw new RestError(403, 'This gateway was expelled.');
      await note(tx, { clock, actor: `gateway ${name}`, action: 'renew', name, issued });
    });
    log.info({ gateway: name, serial: issued.serial }, 'a gateway has renewed its certificate');
    return { name, certificate: issued.cert };
  });
}

function bodyOf({ body }: FastifyRequest): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/** @throws RestError 400 */
function nameFor(invitation: InvitationRow, wanted: unknown): string {
  if (invitation.name !== null) return invitation.name;
  if (typeof wanted !== 'string' || !isGatewayName(wanted) || wanted === ownGatewayName) {
    throw new RestError(400, `name: expected ${gatewayNameRule}, and not "${ownGatewayName}".`);
  }
  return wanted;
}

/**
 * Whoever was invited without a name does not take another's: both would be expelled together, and taken for one.
 * @throws RestError 409
 */
async function refuseTaken(tx: StoreTransaction, name: string, now: number): Promise<void> {
  const expelled = expelledBy(await listExpulsions(tx.db));
  const live = (await listGatewayCertificates(tx.db)).some(
    ({ fingerprint, issued_at, expires_at, ...row }) =>
      row.name === name && expires_at > now && !isExpelled(expelled, { name, fingerprint, issued: issued_at }),
  );
  if (live) {
    throw new RestError(
      409,
      `${name} is the name of a gateway that has enrolled; an invitation for it has to name it.`,
    );
  }
}

/** @throws RestError 400 when there is no good request in it, 503 where nothing can be issued */
async function certify({ issue }: GatewayIssuer, name: string, request: FastifyRequest): Promise<IssuedCertificate> {
  if (!issue) throw new RestError(503, 'This node does not have the key of the authority; ask one that has.');
  const { readCertificateRequest } = await import('../../platform/certificate-request.ts');
  const pem = bodyOf(request).request;
  const key = typeof pem === 'string' ? await readCertificateRequest(pem) : null;
  if (!key) throw new RestError(400, 'request: expected a certificate request (PKCS #10, PEM) of an ECDSA P-256 key.');
  return issue(name, key);
}

async function note(
  tx: StoreTransaction,
  entry: { clock: Clock; actor: string; action: 'enrol' | 'renew'; name: string; issued: IssuedCertificate },
): Promise<void> {
  const { clock, actor, action, name, issued } = entry;
  const { fingerprint, serial, issuedAt, expiresAt } = issued;
  await insertGatewayCertificate(tx, { fingerprint, serial, name, issued_at: issuedAt, expires_at: expiresAt });
  const after = { serial, expires: new Date(expiresAt * 1000).toISOString() };
  await recordAudit(tx, { actor, action, kind: 'gateway', id: fingerprint, name, after, at: clock.now() });
}
