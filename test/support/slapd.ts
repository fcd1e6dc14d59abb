/** An LDAP server of a test's own: throw-away data, free ports, loopback only, with and without TLS. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Attribute, Change, Client, TypeOrValueExistsError } from 'ldapts';
import { openCertificates } from '../../src/platform/certificates.ts';
import { freePort } from '../../src/platform/ports.ts';

export interface LdapServer {
  /** `ldap://localhost:…`, which takes StartTLS. */
  readonly plain: string;
  /** `ldaps://localhost:…`. */
  readonly secure: string;
  /** File of the authority of its certificate. */
  readonly ca: string;
  /** Its users are below `ou=people`, its groups below `ou=groups`. */
  readonly base: string;
  /** Who may search, and what with. */
  readonly reader: { readonly dn: string; readonly password: string };
  /** Makes a user, or gives him another password and other groups. */
  put(name: string, password: string, groups?: readonly string[], more?: Record<string, string>): Promise<void>;
  remove(name: string): Promise<void>;
  /** Adds an entry. */
  add(dn: string, attributes: Record<string, string[]>): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same data and ports. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

const base = 'dc=example,dc=org';
const root = { dn: `cn=root,${base}`, password: 'root password' };
const reader = { dn: `cn=reader,${base}`, password: 'reader password' };

export async function startSlapd(): Promise<LdapServer> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-slapd-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const certificates = join(folder, 'certificates');
  const { server, ca } = await openCertificates(certificates);
  const [cert, key, authority] = ['cert.pem', 'key.pem', 'authority.pem'].map((name) => join(folder, name));
  writeFileSync(cert as string, server.cert);
  writeFileSync(key as string, server.key, { mode: 0o600 });
  writeFileSync(authority as string, ca);
  const file = join(folder, 'slapd.conf');
  writeFileSync(file, configuration({ data, folder, cert, key, authority } as Record<string, string>));
  const plain = `ldap://localhost:${await freePort('127.0.0.1')}`;
  const secure = `ldaps://localhost:${await freePort('127.0.0.1')}`;
  const addresses = [plain, secure].map((url) => url.replace('localhost', '127.0.0.1')).join(' ');

  let child: ChildProcess;
  let said = '';
  const asRoot = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const client = new Client({ url: plain.replace('localhost', '127.0.0.1'), timeout: 10_000 });
    try {
      await client.bind(root.dn, root.password);
      return await work(client);
    } finally {
      await client.unbind().catch(() => {});
    }
  };
  const start = async (): Promise<void> => {
    child = spawn('slapd', ['-h', addresses, '-f', file, '-d', '0'], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    for (let tries = 0; ; tries++) {
      try {
        return await asRoot(async () => {});
      } catch (error) {
        if (tries > 300 || child.exitCode !== null) throw new Error(`slapd does not start: ${said}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const add = (dn: string, attributes: Record<string, string[]>): Promise<void> =>
    asRoot((client) => client.add(dn, attributes));
  const dnOf = (name: string): string => `uid=${name},ou=people,${base}`;
  const remove = (name: string): Promise<void> => asRoot((client) => client.del(dnOf(name)));
  await start();
  await add(base, { objectClass: ['dcObject', 'organization'], dc: ['example'], o: ['Example'] });
  for (const ou of ['people', 'groups'])
    await add(`ou=${ou},${base}`, { objectClass: ['organizationalUnit'], ou: [ou] });
  const role = { objectClass: ['simpleSecurityObject', 'organizationalRole'], cn: ['reader'] };
  await add(reader.dn, { ...role, userPassword: [reader.password] });

  return {
    plain,
    secure,
    ca: authority as string,
    base,
    reader,
    async put(name, password, of = [], more = {}) {
      const dn = dnOf(name);
      const others = Object.fromEntries(Object.entries(more).map(([attribute, value]) => [attribute, [value]]));
      const person = { objectClass: ['inetOrgPerson'], uid: [name], cn: [name], sn: [name], ...others };
      await add(dn, { ...person, userPassword: [password] }).catch(() =>
        asRoot((client) => {
          const modification = new Attribute({ type: 'userPassword', values: [password] });
          return client.modify(dn, [new Change({ operation: 'replace', modification })]);
        }),
      );
      for (const group of of) {
        const at = `cn=${group.replaceAll(',', '\\,')},ou=groups,${base}`;
        const modification = new Attribute({ type: 'member', values: [dn] });
        await add(at, { objectClass: ['groupOfNames'], cn: [group], member: [dn] }).catch(() =>
          asRoot((client) => client.modify(at, [new Change({ operation: 'add', modification })])).catch((error) => {
            if (!(error instanceof TypeOrValueExistsError)) throw error;
          }),
        );
      }
    },
    remove,
    add,
    kill,
    start,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const configuration = ({ data, folder, cert, key, authority }: Record<string, string>): string => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${folder}/slapd.pid
argsfile ${folder}/slapd.args
TLSCACertificateFile ${authority}
TLSCertificateFile ${cert}
TLSCertificateKeyFile ${key}
# As some directories: a bind with a name and without a password is one as nobody, and succeeds.
allow bind_anon_dn
database mdb
maxsize 16777216
dbnosync
suffix "${base}"
rootdn "${root.dn}"
rootpw "${root.password}"
directory ${data}
overlay memberof
memberof-refint TRUE
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${reader.dn}" read by * none
`;
