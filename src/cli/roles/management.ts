/** Runs the key manager and the control plane, which share the store and one listener. */
import { join, resolve } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { FetchJwks } from '../../adapters/key-managers/jwks.ts';
import { openExpelledGateways } from '../../adapters/stores/expelled-gateways.ts';
import { addBuiltInPolicies } from '../../adapters/stores/policies.ts';
import type { Store } from '../../adapters/stores/store.ts';
import { openUserStores } from '../../adapters/user-stores/open-user-stores.ts';
import { NameTakenError, type UserStore } from '../../adapters/user-stores/user-store.ts';
import type { Sample } from '../../control-plane/sample/install.ts';
import { watchCertificate } from '../../platform/certificate-source.ts';
import { openCertificates } from '../../platform/certificates.ts';
import { systemClock } from '../../platform/clock.ts';
import { openGatewayIssuer } from '../../platform/gateway-issuer.ts';
import { createLog } from '../../platform/log.ts';
import { checkPortFree, freePort, portError } from '../../platform/ports.ts';
import { takeLock } from '../../platform/process-lock.ts';
import { createRestServer, gatewayCertificateOf, useCertificate } from '../../platform/rest-server.ts';
import { openDataFolder } from '../data-folder.ts';
import {
  defaultPassword,
  defaultPasswordError,
  initialPassword,
  isExposed,
  refuseExposedFirstStart,
  warnOfUnusedPassword,
} from '../default-password.ts';
import { leftDatabase, writeLastStore } from '../last-store.ts';
import { madeCertificate } from '../listener-certificate.ts';
import { writeManagementAddress } from '../management-address.ts';
import { printWarnings } from '../print-warnings.ts';
import { privateAddresses } from '../private-addresses.ts';
import type { Running } from '../run-until-stopped.ts';
import { certificateHosts, type Settings } from '../settings.ts';
import { checkAuthority } from './check-authority.ts';
import { openStore } from './open-store.ts';

/** Milliseconds for the keys of an issuer whose assertions are taken. */
const jwksTimeout = 10_000;

export type ManagementRole = 'key-manager' | 'control-plane';

export interface ManagementInfo {
  readonly addresses: readonly string[];
  readonly sample: Sample | null;
}

export async function runManagement(
  settings: Settings,
  roles: readonly ManagementRole[],
  { withSample = false }: { withSample?: boolean } = {},
): Promise<Running & { readonly info: ManagementInfo }> {
  const { data } = settings;
  const options = await withPort(settings);
  refuseExposedFirstStart(settings);
  openDataFolder(data);
  const unlock = takeLock(join(data, 'management.lock'), `the data folder ${data}`);
  const log = createLog({ name: 'management', level: options.log.level });
  const { host, port, publicHost } = options.server;
  const making = { hosts: certificateHosts(settings), log };
  const certificates = await openCertificates(join(data, 'certificates'), making);
  const left = leftDatabase(settings);
  const { store, seal } = await openStore(settings, log);
  writeLastStore(settings);
  for (const warning of [left, await checkAuthority(store, settings, certificates.ca)]) {
    if (warning === null) continue;
    log.warn(warning);
    printWarnings([warning]);
  }
  const { users, close: closeUserStores } = await openUserStores(
    { store, clock: systemClock, log },
    options.userStores,
  );
  await addFirstUser(settings, store, users);
  if (isExposed(settings) && (await users.verify('PRIMARY/admin', defaultPassword))) throw defaultPasswordError();

  const ready = async () => (await store.writeProblem?.()) ?? true;
  const app = createRestServer({ tls: certificates.server, ca: certificates.ca, log, ready });
  const gatewayIssuer = await openGatewayIssuer(join(data, 'certificates'), systemClock);
  const expelled = await openExpelledGateways(store);
  const certificateOf = (request: FastifyRequest) => gatewayCertificateOf(request.raw.socket as TLSSocket);
  const enrolledName = (request: FastifyRequest): string | null => {
    const certificate = certificateOf(request);
    return certificate && !expelled.has(certificate) ? certificate.name : null;
  };
  const isEnrolledGateway = (request: FastifyRequest): boolean => enrolledName(request) !== null;
  const deps = { store, seal, users, clock: systemClock, log, isEnrolledGateway };
  const origin = `https://${publicHost}:${port}`;
  const addresses: string[] = [];
  const { openKeyManager } = await import('../../key-manager/key-manager.ts');
  // The control plane works with it too, wherever its endpoints are.
  let jwks: Promise<FetchJwks> | null = null;
  const keyManager = await openKeyManager({
    ...deps,
    async fetchJwks(url) {
      jwks ??= import('../../adapters/key-managers/jwks.ts').then(({ openJwks }) =>
        openJwks({ ca: certificates.ca, authorities: null }, jwksTimeout),
      );
      return (await jwks)(url);
    },
    privateAddresses: privateAddresses(options),
    clientAuthorities: await clientAuthorities(options.tokens.clientAuthorities),
    options: {
      ...options.tokens,
      issuer: options.tokens.issuer || `${origin}/oauth2/token`,
      publicUrl: origin,
      // The gateway passes it on.
      tokenUrls: [`https://${publicHost}:${options.gateway.httpsPort}/token`, ...options.tokens.tokenUrls],
    },
    pages: options.pages,
    signUp: !options.developerPortal.selfSignUp
      ? 'off'
      : options.workflows.userSignUp === 'approval'
        ? 'approval'
        : 'open',
  });
  if (roles.includes('key-manager')) {
    await keyManager.mount(app);
    addresses.push(`Key manager     ${origin}/oauth2`);
  }
  const { mountHub } = await import('../../control-plane/hub.ts');
  const { openedChanges } = await import('../../control-plane/opened-changes.ts');
  const changes = openedChanges(store.changes, seal, log);
  const { mountEnrolment } = await import('../../control-plane/enrolment/mount-enrolment.ts');
  const { cutExpelled } = await import('../../control-plane/enrolment/cut-expelled.ts');
  mountEnrolment(app, {
    ...deps,
    issuer: gatewayIssuer,
    enrolledName,
    async isExpelled({ db }, request) {
      const certificate = certificateOf(request);
      return certificate === null || expelled.hasIn(db, certificate);
    },
  });
  cutExpelled(app.server, expelled);
  const isExpelledGateway = (request: FastifyRequest): boolean => {
    const certificate = certificateOf(request);
    return certificate !== null && expelled.has(certificate);
  };
  const hub = mountHub(app, { ...deps, isExpelledGateway, changes, options: options.controlPlane });
  let sample: Sample | null = null;
  if (roles.includes('control-plane')) {
    const { mountControlPlane } = await import('../../control-plane/control-plane.ts');
    await mountControlPlane(app, {
      ...deps,
      keyManager,
      connectedGateways: hub.readers,
      gatewayIssuer,
      publicUrl: origin,
      gatewayUrls: {
        http: `http://${publicHost}:${options.gateway.httpPort}`,
        https: `https://${publicHost}:${options.gateway.httpsPort}`,
      },
      hashClientSecrets: options.tokens.hashClientSecrets,
      privateAddresses: privateAddresses(options),
      workflows: options.workflows,
      developerPortal: options.developerPortal,
    });
    addresses.push(`Control plane   ${origin}`);
    if (withSample) {
      const { installSample } = await import('../../control-plane/sample/install.ts');
      const now = Math.floor(systemClock.now() / 1000);
      sample = await installSample({ ...deps, origin, hashClientSecrets: options.tokens.hashClientSecrets, now });
    }
  }
  await app.listen({ host, port }).catch((error) => {
    throw portError(error, host, port, 'server.port');
  });
  writeManagementAddress(data, origin);
  const stopWatching = watchCertificate(
    madeCertificate(data, making),
    certificates.server,
    { clock: systemClock, log },
    (tls) => useCertificate(app, { tls, ca: certificates.ca }),
  );
  return {
    addresses,
    info: { addresses, sample },
    async stop() {
      stopWatching();
      await app.close();
      expelled.close();
      keyManager.close();
      await closeUserStores();
      await store.close();
      unlock();
    },
  };
}

async function clientAuthorities(file: string): Promise<string[]> {
  if (file === '') return [];
  const { openTrustStore } = await import('../../adapters/trust-stores/index.ts');
  return (await openTrustStore(resolve(file), '')).certificates.map(({ pem }) => pem);
}

/** The issuer's name has the port in it, so a free one is chosen before anything else. */
async function withPort({ options }: Settings): Promise<Settings['options']> {
  const { host, port } = options.server;
  await checkPortFree(host, port, 'server.port');
  return port === 0 ? { ...options, server: { ...options.server, port: await freePort(host) } } : options;
}

/** A new store gets the built-in policies and the user admin; one with users says if they were to be others. */
async function addFirstUser(settings: Settings, store: Store, users: UserStore): Promise<void> {
  await store.transaction(addBuiltInPolicies);
  const { number } = await store.db
    .selectFrom('users')
    .select((e) => e.fn.countAll<number>().as('number'))
    .executeTakeFirstOrThrow();
  if (number > 0) {
    await warnOfUnusedPassword(async (password) => (await users.verify('PRIMARY/admin', password)) !== null);
    return;
  }
  const roles = ['admin', 'Internal/everyone', 'Internal/creator', 'Internal/publisher', 'Internal/subscriber'];
  const password = initialPassword();
  if (isExposed(settings) && password === defaultPassword) throw defaultPasswordError();
  try {
    await users.create({ name: 'admin', password, roles });
  } catch (error) {
    // Another node, started at the same time, was faster.
    if (!(error instanceof NameTakenError)) throw error;
  }
}
