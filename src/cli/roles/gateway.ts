/** Runs the gateway. */
import { join } from 'node:path';
import { watchCertificate } from '../../platform/certificate-source.ts';
import { openCertificates } from '../../platform/certificates.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLog } from '../../platform/log.ts';
import { takeLock } from '../../platform/process-lock.ts';
import { accessLogFile, openDataFolder } from '../data-folder.ts';
import { followControlPlane } from '../enrolment/follow-control-plane.ts';
import { withTokenUrl } from '../gateway-options.ts';
import { madeCertificate, ownCertificate } from '../listener-certificate.ts';
import type { Running } from '../run-until-stopped.ts';
import { certificateHosts, type Settings } from '../settings.ts';
import { shownHost } from '../shown-host.ts';

export interface GatewayInfo {
  readonly addresses: readonly string[];
  readonly ports: { readonly http: number; readonly https: number; readonly admin: number };
}

/** Milliseconds in which the control plane of the same `postern start` is there, on a machine that is slow and busy. */
const startup = 30_000;

/** @param beside the control plane is started at the same time, if it is the one on this machine */
export async function runGateway(
  settings: Settings,
  { beside = false }: { beside?: boolean } = {},
): Promise<Running & { readonly info: GatewayInfo }> {
  const { options, data } = settings;
  const own = await ownCertificate(options);
  openDataFolder(data);
  const unlock = takeLock(join(data, 'gateway.lock'), `the data folder ${data}`);
  const log = createLog({ name: 'gateway', level: options.log.level });
  const { host } = options.gateway;
  const making = { hosts: certificateHosts(settings), selfSigned: true, log };
  const [{ startGateway }, certificates] = await Promise.all([
    import('../../gateway/gateway.ts'),
    openCertificates(join(data, 'certificates'), { ...making, server: own?.pair }),
  ]);
  const followed = await followControlPlane({
    controlPlane: options.controlPlane,
    data,
    certificates,
    log,
  });
  const { url } = options.controlPlane;
  const gateway = await startGateway({
    options: { ...options, keyManager: withTokenUrl(options.keyManager) },
    data,
    accessLog: accessLogFile(options.gateway.accessLog, data),
    certificates: { ...certificates, gateway: followed.certificate },
    source: followed.source,
    sourceStartup: beside && url === `https://localhost:${options.server.port}` ? startup : 0,
    fixed: null,
    authorities: null,
    clock: systemClock,
    log,
  });
  followed.whenRenewed((certificate) => gateway.present(certificate));
  const stopWatching = watchCertificate(
    own?.source ?? madeCertificate(data, making),
    certificates.server,
    { clock: systemClock, log },
    (certificate) => gateway.useCertificate(certificate),
  );
  const { ports } = gateway;
  const name = shownHost(host);
  const addresses = [
    `Gateway         http://${name}:${ports.http}   https://${name}:${ports.https}`,
    `Gateway admin   http://127.0.0.1:${ports.admin}/status   /metrics   /ready`,
  ];
  return {
    addresses,
    info: { addresses, ports },
    ready: gateway.serving,
    waitsFor: `the control plane at ${url}; until then requests are answered with 503`,
    async stop() {
      stopWatching();
      followed.stop();
      await gateway.stop();
      unlock();
    },
  };
}
