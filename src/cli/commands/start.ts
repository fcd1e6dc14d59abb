/**
 * `postern start`: all roles. A small parent with two children: the gateway, and the key manager with the control
 * plane, which share the store and a listener. So no call to the store ever runs in the gateway's process.
 */

import { freePort } from '../../platform/ports.ts';
import { Child } from '../child-process.ts';
import { openDataFolder } from '../data-folder.ts';
import { refuseExposedFirstStart } from '../default-password.ts';
import { ownCertificate } from '../listener-certificate.ts';
import { printWarnings } from '../print-warnings.ts';
import type { GatewayInfo } from '../roles/gateway.ts';
import type { ManagementInfo } from '../roles/management.ts';
import { stopSignal } from '../run-until-stopped.ts';
import { readSettings, type Settings, type StartArguments } from '../settings.ts';
import { version } from '../version.ts';

export async function start(args: StartArguments): Promise<void> {
  const settings = withOwnUrls(await withPort(readSettings(args)), args);
  printWarnings(settings.warnings);
  refuseExposedFirstStart(settings);
  await ownCertificate(settings.options);
  openDataFolder(settings.data);

  const management = new Child<ManagementInfo>('management', settings);
  const gateway = new Child<GatewayInfo>('gateway', settings);
  const stopping = stopSignal();
  try {
    const started = Promise.all([management.start(), gateway.start()]);
    const infos = await Promise.race([started, stopping]);
    if (infos) {
      process.stdout.write(`${describe(settings, ...infos).join('\n')}\n`);
      process.stdout.write(`postern ready in ${(performance.now() / 1000).toFixed(2)} s\n`);
    }
  } catch (error) {
    await Promise.all([management.stop(), gateway.stop()]);
    throw error;
  }
  await stopping;
  for (const child of [gateway, management]) child.expectEnd();
  // The gateway first: its requests in flight may still need the key manager.
  await gateway.stop();
  await management.stop();
  process.exit(0);
}

/** The gateway has to know the others' port before they listen. */
async function withPort(settings: Settings): Promise<Settings> {
  const { server } = settings.options;
  if (server.port !== 0) return settings;
  const port = await freePort(server.host);
  return { ...settings, options: { ...settings.options, server: { ...server, port } } };
}

/** In one process tree, the gateway's key manager and control plane are this one's, unless something else was said. */
function withOwnUrls(settings: Settings, args: StartArguments): Settings {
  const { options } = settings;
  const own = `https://localhost:${options.server.port}`;
  const said = (name: string): boolean => args.flags.some((flag) => flag.toLowerCase().startsWith(`--${name}`));
  const unsaid = (url: string, name: string): boolean => url === 'https://localhost:9443' && !said(name);
  const { controlPlane, keyManager } = options;
  const url = unsaid(controlPlane.url, 'controlplane.url') ? own : controlPlane.url;
  const serverUrl = unsaid(keyManager.serverUrl, 'keymanager.serverurl') ? own : keyManager.serverUrl;
  return {
    ...settings,
    options: { ...options, controlPlane: { ...controlPlane, url }, keyManager: { ...keyManager, serverUrl } },
  };
}

function describe({ data }: Settings, management: ManagementInfo, gateway: GatewayInfo): string[] {
  const { https } = gateway.ports;
  const lines = [`Postern ${version()}, data in ${data}`, '', ...gateway.addresses, ...management.addresses];
  const { sample } = management;
  if (sample) {
    const basic = `${sample.consumerKey}:${sample.consumerSecret}`;
    const token = `curl -sk -u ${basic} -d grant_type=client_credentials https://localhost:${https}/token`;
    lines.push(
      '',
      `Sample API ${sample.api} at https://localhost:${https}${sample.path}, subscribed by application ${sample.application}:`,
      `  consumer key     ${sample.consumerKey}`,
      `  consumer secret  ${sample.consumerSecret}`,
      '',
      'A first call:',
      '',
      `  curl -k -H "Authorization: Bearer $(${token} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')" https://localhost:${https}${sample.path}/menu`,
      '',
    );
  }
  return lines;
}
