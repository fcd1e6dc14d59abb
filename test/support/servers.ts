/**
 * The servers and programs that tests use if they are on the machine. A test that needs one says so:
 *
 *     it('200 from curl', { skip: missing('curl') }, …)
 */

import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Server {
  readonly name: string;
  /** The program that shows that it is here. */
  readonly command: string;
  /** What else shows it: patterns of files. */
  readonly files?: readonly string[];
  /** The Debian packages that bring it, with spaces between. */
  readonly package: string;
  /** What it is used for. */
  readonly use: string;
}

export const servers: readonly Server[] = [
  { name: 'curl', command: 'curl', package: 'curl', use: "the seeds' commands as they stand" },
  { name: 'bash', command: 'bash', package: 'bash', use: 'the completion of commands' },
  { name: 'script', command: 'script', package: 'bsdutils', use: 'passwords that are typed at a terminal' },
  { name: 'openssl', command: 'openssl', package: 'openssl', use: 'key stores as openssl writes them' },
  { name: 'postgresql', command: 'postgres', package: 'postgresql', use: 'the store of several nodes' },
  { name: 'slapd', command: 'slapd', package: 'slapd', use: 'users in LDAP' },
  { name: 'nginx', command: 'nginx', package: 'nginx-light', use: 'a back end that reads what the gateway sends' },
  { name: 'haproxy', command: 'haproxy', package: 'haproxy', use: 'another one' },
  { name: 'nghttp', command: 'nghttp', package: 'nghttp2-client', use: 'a client of HTTP/2 besides Node’s' },
  { name: 'keytool', command: 'keytool', package: 'default-jre-headless', use: 'key stores as Java writes them' },
  {
    name: 'simplesamlphp',
    command: 'php',
    files: ['/usr/share/simplesamlphp/www', '/usr/lib/php/*/dom.so', '/usr/lib/php/*/mbstring.so'],
    package: 'simplesamlphp php-cli php-xml php-mbstring',
    use: 'an identity provider of SAML 2.0 that is not ours',
  },
  { name: 'chromium', command: 'chromium', package: 'chromium', use: 'the pages that people see' },
];

/** Why a test that needs the server is skipped; false = it is here. */
export function missing(name: string): string | false {
  const server = servers.find((candidate) => candidate.name === name);
  if (!server) throw new Error(`test/support/servers.ts has no ${name}`);
  return isHere(server) ? false : `needs ${name} (Debian package ${server.package}): npm test -- --install`;
}

export function missingServers(): Server[] {
  return servers.filter((server) => !isHere(server));
}

function isHere({ command, files = [] }: Server): boolean {
  if (files.some((pattern) => globSync(pattern).length === 0)) return false;
  // Where Debian keeps daemons is not on everybody's PATH.
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
    ...globSync('/usr/lib/postgresql/*/bin'),
  ];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
