/** User stores beside the database: who else may log in, and with which roles. */
import { boolean, type Config, choice, integer, list, named, section, text } from '../../platform/config/schema.ts';

const milliseconds = (value: number, description: string) => integer({ default: value, minimum: 100, description });

const userStore = section(
  'A user store beside the primary one, which is the database. Its users are written `<NAME>/mary`, in tokens too; it is read, and never written.',
  {
    kind: choice(['file', 'ldap', 'module'], { default: 'ldap', description: 'What it is.' }),
    search: boolean({
      default: true,
      description:
        'Whether users who name no user store are looked for here as well, after the primary one and those that stand before.',
    }),
    roles: list({ default: [], description: 'Roles that every user of it has, beside `Internal/everyone`.' }),
    roleMapping: list({
      default: [],
      description:
        'Roles that are called otherwise here, as `theirs=ours`: `apim-admins=admin`. Others have its name before theirs: `<NAME>/editors`.',
    }),
    file: text({ default: '', description: 'Of the kind `file`: TOML with users. It is read again when it changes.' }),
    module: text({
      default: '',
      description: 'Of the kind `module`: file of a JavaScript module whose default export opens the user store.',
    }),
    settings: named('<key>', text({ default: '', description: 'Of the kind `module`: what the module is told.' })),
    urls: list({
      default: [],
      description:
        'Of the kind `ldap`: servers with the same users, `ldaps://host:636` or `ldap://host:389`; the next one is asked when one does not answer.',
    }),
    startTls: boolean({
      default: true,
      description:
        'Whether `ldap://` changes to TLS before anything is said (RFC 4511 section 4.14). Without it everybody between reads the passwords.',
    }),
    ca: text({
      default: '',
      description: 'PEM file of the authorities of the servers’ certificates. Empty = those that the system knows.',
    }),
    bindDn: text({ default: '', description: 'Who searches. Empty = nobody (anonymous).' }),
    bindPassword: text({ default: '', secret: true, description: 'The password of `bindDn`.' }),
    userBase: text({ default: '', description: 'DN below which users are: `ou=people,dc=example,dc=org`.' }),
    userFilter: text({
      default: '(&(objectClass=inetOrgPerson)(uid={name}))',
      description:
        'Finds one user; `{name}` is the name. What it does not find can’t log in, and gets nothing new: disabled users are left out here.',
    }),
    listFilter: text({ default: '(objectClass=inetOrgPerson)', description: 'Finds all users.' }),
    nameAttribute: text({ default: 'uid', description: 'Attribute that holds the name.' }),
    memberOfAttribute: text({
      default: '',
      description: 'Attribute of a user that holds his roles: their names, or DNs that begin with them (`memberOf`).',
    }),
    groupBase: text({
      default: '',
      description: 'DN below which groups are, each a role. Empty = they are not searched.',
    }),
    groupFilter: text({
      default: '(&(objectClass=groupOfNames)(member={dn}))',
      description: 'Finds the groups of a user; `{dn}` is his DN, `{name}` his name.',
    }),
    groupNameAttribute: text({ default: 'cn', description: 'Attribute that holds the name of a group.' }),
    connections: integer({
      default: 4,
      minimum: 1,
      maximum: 100,
      description: 'Connections at the same time at most.',
    }),
    connectTimeout: milliseconds(3000, 'Milliseconds until a server that can’t be reached counts as away.'),
    timeout: milliseconds(5000, 'Milliseconds that a server may take for an answer.'),
  },
  (values) => [...problemsOf(values)],
);

export const userStoreOptions = named('<NAME>', userStore);

export type UserStoreOptions = Config<typeof userStore>;

/** What has to fit together. */
interface Given {
  readonly kind: string;
  readonly file: string;
  readonly module: string;
  readonly urls: readonly string[];
  readonly userBase: string;
  readonly userFilter: string;
  readonly roleMapping: readonly string[];
  readonly bindDn: string;
  readonly bindPassword: string;
  readonly startTls: boolean;
}

function* problemsOf(values: Given): Generator<string> {
  const { kind, file, module, urls, userBase, userFilter, roleMapping, bindDn, bindPassword, startTls } = values;
  if (kind === 'file' && file === '') yield 'file: expected the file with the users';
  if (kind === 'module' && module === '') yield 'module: expected the file of the module';
  const wrong = roleMapping.find((one) => !/^[^=].*=[^=]+$/.test(one));
  if (wrong !== undefined) yield `roleMapping: expected theirs=ours, got ${JSON.stringify(wrong)}`;
  if (kind !== 'ldap') return;
  if (urls.length === 0) yield 'urls: expected at least one, ldaps://host:636';
  for (const url of urls) {
    if (!URL.canParse(url) || !/^ldaps?:\/\/[^/?#@]+\/?$/i.test(url)) {
      yield `urls: expected ldaps://host:port or ldap://host:port, got ${JSON.stringify(url)}`;
    }
  }
  if (!startTls && urls.some((url) => /^ldap:\/\/(?!localhost\b|127\.|\[::1\])/i.test(url))) {
    yield 'startTls: expected true, or an address of this machine: passwords would go in the clear';
  }
  if (userBase === '') yield 'userBase: expected a DN';
  if (!userFilter.includes('{name}')) yield 'userFilter: expected a filter with {name}';
  if (bindDn !== '' && bindPassword === '') yield 'bindPassword: expected the password of bindDn';
}
