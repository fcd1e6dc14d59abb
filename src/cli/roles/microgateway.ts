/** Runs a microgateway: a gateway with the APIs of an artifact. */
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { watchCertificate } from '../../platform/certificate-source.ts';
import { openCertificates } from '../../platform/certificates.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLog } from '../../platform/log.ts';
import { checkPortFree } from '../../platform/ports.ts';
import { takeLock } from '../../platform/process-lock.ts';
import { accessLogFile, openDataFolder } from '../data-folder.ts';
import { followControlPlane } from '../enrolment/follow-control-plane.ts';
import { madeCertificate } from '../listener-certificate.ts';
import { describeApis } from '../microgateway/describe-apis.ts';
import type { Preparation } from '../microgateway/prepare.ts';
import type { MicrogatewaySettings } from '../microgateway/settings.ts';
import type { Running } from '../run-until-stopped.ts';
import { shownHost } from '../shown-host.ts';
import { version } from '../version.ts';

export async function runMicrogateway(preparation: Preparation): Promise<Running> {
  const { settings, fixed, keyStore, trusted } = preparation;
  const { configuration, data, own } = settings;
  openDataFolder(data);
  openDataFolder(own);
  const unlock = takeLock(join(own, 'gateway.lock'), `the folder ${own}`);
  const log = createLog({ name: 'microgateway', level: settings.logLevel });
  const options = await withAdminPort(settings);
  const { host, accessLog } = options.gateway;
  const making = { hosts: [host], selfSigned: true, log };
  const [{ startGateway }, certificates] = await Promise.all([
    import('../../gateway/gateway.ts'),
    openCertificates(join(data, 'certificates'), { ...making, server: keyStore?.pair }),
  ]);
  const followed = await followControlPlane({
    controlPlane: options.controlPlane,
    data,
    certificates,
    ...(trusted && { authorities: trusted }),
    log,
  });
  const { url } = options.controlPlane;
  const gateway = await startGateway({
    options,
    data: own,
    accessLog: accessLogFile(accessLog, own),
    certificates: { ...certificates, gateway: followed.certificate },
    source: followed.source,
    fixed,
    authorities: trusted && [...getCACertificates('default'), ...trusted],
    clock: systemClock,
    log,
  });
  followed.whenRenewed((certificate) => gateway.present(certificate));
  const stopWatching = watchCertificate(
    keyStore?.source ?? madeCertificate(data, making),
    certificates.server,
    { clock: systemClock, log },
    (certificate) => gateway.useCertificate(certificate),
  );
  const { ports } = gateway;
  const name = shownHost(host);
  const https = `https://${name}:${ports.https}`;
  const file = configuration.file === null ? 'without a configuration file' : `configured by ${configuration.file}`;
  const source = url === '' ? 'isolated: no source of revocations' : `revocations from ${url}, ${checked(settings)}`;
  return {
    addresses: [
      `Postern ${version()}, ${preparation.artifact}, ${file}, ${source}`,
      '',
      `Microgateway    http://${name}:${ports.http}   ${https}`,
      `Token endpoints https://${name}:${ports.token ?? ports.https}/token`,
      `Gateway admin   http://127.0.0.1:${ports.admin}/status   /metrics   /ready`,
      '',
      ...describeApis(fixed.entities, https),
    ],
    ready: gateway.serving,
    waitsFor: `the event hub at ${url}; until then requests are answered with 503`,
    async stop() {
      stopWatching();
      followed.stop();
      await gateway.stop();
      unlock();
    },
  };
}

/** A microgateway is run beside a gateway: when nobody chose its admin port, it takes another one if that is in use. */
async function withAdminPort(settings: MicrogatewaySettings): Promise<MicrogatewaySettings['options']> {
  const { configuration, options } = settings;
  if (configuration.isGiven('gateway.adminPort')) return options;
  const isFree = await checkPortFree('127.0.0.1', options.gateway.adminPort, 'gateway.adminPort').then(
    () => true,
    () => false,
  );
  return isFree ? options : { ...options, gateway: { ...options.gateway, adminPort: 0 } };
}

/** Whose subscriptions are asked for where a control plane is followed. */
function checked({ configuration }: MicrogatewaySettings): string {
  const { validateSubscriptions } = configuration.config.security;
  if (validateSubscriptions === null) return 'subscriptions too for APIs that were pulled';
  return validateSubscriptions ? 'subscriptions too' : 'subscriptions are not checked';
}
