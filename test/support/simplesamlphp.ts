/** An identity provider that is not ours: SimpleSAMLphp on PHP's own server, with throw-away data, loopback only. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/platform/ports.ts';
import { certified } from '../conformance/saml.ts';

export interface SimpleSamlPhp {
  /** `http://127.0.0.1:…`. */
  readonly url: string;
  /** Its entity id, and where its metadata are. */
  readonly entityId: string;
  /** PEM of the key that it signs with. */
  readonly certificate: string;
  /** What it publishes of itself. */
  metadata(): Promise<string>;
  /** Makes a service provider known to it, by its metadata. */
  trust(metadata: string): void;
  /** Options of `saml20-idp-hosted`, in PHP, in place of those before. Default: everything is signed, NameID is `uid`. */
  configure(options: string): void;
  close(): Promise<void>;
}

const www = '/usr/share/simplesamlphp/www';

/** Has the user jane with the password `janes`, in the groups staff and students. */
export async function startSimpleSamlPhp(): Promise<SimpleSamlPhp> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-simplesamlphp-'));
  for (const name of ['config', 'cert', 'log', 'data', 'tmp', 'metadata', 'sessions']) mkdirSync(join(folder, name));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  const { key, certificate } = await certified('rsa');
  write('cert/server.pem', key.export({ type: 'pkcs8', format: 'pem' }) as string);
  write('cert/server.crt', certificate);
  const port = await freePort('127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  write('config/config.php', configuration(folder, url));
  write('config/authsources.php', people);
  const configure = (options: string): void => write('metadata/saml20-idp-hosted.php', hosted(options));
  const trust = (metadata: string): void => write('metadata/services.xml', metadata);
  configure(nameIsUid);
  trust('<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>');

  let said = '';
  // It would go by what was configured two seconds ago.
  const uncached = ['-d', 'opcache.enable=0'];
  const child: ChildProcess = spawn('php', [...uncached, '-S', `127.0.0.1:${port}`, '-t', www], {
    env: { ...process.env, SIMPLESAMLPHP_CONFIG_DIR: join(folder, 'config') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const entityId = `${url}/saml2/idp/metadata.php`;
  const metadata = async (): Promise<string> => {
    const answer = await fetch(entityId);
    const text = await answer.text();
    if (!text.startsWith('<?xml')) throw new Error(`SimpleSAMLphp has no metadata: ${text}`);
    return text;
  };
  for (let tries = 0; ; tries++) {
    const error = await fetch(`${url}/resources/default.css`).then(
      () => null,
      (failure: Error) => failure,
    );
    if (!error) break;
    if (tries > 300 || child.exitCode !== null) throw new Error(`PHP does not start: ${said}`, { cause: error });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    entityId,
    certificate,
    metadata,
    trust,
    configure,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const nameIsUid = `
  'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid',
    'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
  'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',`;

const hosted = (options: string): string => `<?php
$metadata['__DYNAMIC:1__'] = [
  'host' => '__DEFAULT__', 'privatekey' => 'server.pem', 'certificate' => 'server.crt', 'auth' => 'people',
  ${options}
];
`;

const people = `<?php
$config = ['people' => ['exampleauth:UserPass', 'jane:janes' => [
  'uid' => ['jane'], 'mail' => ['jane@campus.example'], 'groups' => ['staff', 'students'],
]]];
`;

const configuration = (folder: string, url: string): string => `<?php
$config = [
  'baseurlpath' => '${url}/',
  'certdir' => '${folder}/cert/', 'loggingdir' => '${folder}/log/', 'datadir' => '${folder}/data/',
  'tempdir' => '${folder}/tmp', 'session.phpsession.savepath' => '${folder}/sessions',
  'secretsalt' => 'of a test', 'auth.adminpassword' => 'of a test', 'technicalcontact_email' => 'admin@campus.example',
  'enable.saml20-idp' => true, 'timezone' => 'UTC', 'logging.handler' => 'file', 'showerrors' => true, 'errorreporting' => false,
  'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
  'store.type' => 'phpsession', 'session.phpsession.cookiename' => 'SimpleSAML', 'session.cookie.secure' => false,
  'language.default' => 'en', 'language.available' => ['en'],
  'metadata.sources' => [
    ['type' => 'flatfile', 'directory' => '${folder}/metadata'],
    ['type' => 'xml', 'file' => '${folder}/metadata/services.xml'],
  ],
];
`;
