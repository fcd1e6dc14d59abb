import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { ConfigError } from './config-error.ts';
import { toMarkdown, toToml } from './document.ts';
import { loadConfig, readConfig, type Sources } from './load.ts';
import { boolean, integer, list, named, section, tables, text } from './schema.ts';

const description = 'Something.';
const schema = section('', {
  token: tables(
    section('An issuer.', {
      issuer: text({ default: 'own', description }),
      check: boolean({ default: null, description }),
      claims: tables(section('A claim.', { from: text({ default: '', description }) })),
    }),
  ),
  api: section('', {
    users: named(
      '<name>',
      section('A user.', {
        password: text({ default: '', secret: true, description }),
        scopes: list({ default: [], description }),
      }),
    ),
    extra: named('<key>', text({ default: '', description })),
  }),
  store: section(
    'A store.',
    {
      path: text({ default: '', formerly: ['store.file.path', 'old.path'], description }),
      size: integer({ default: 1, noEffect: 'sizes are no more.', description }),
      strict: boolean({ default: false, notBuilt: 'strictness is not built yet', description }),
    },
    ({ path, size }) => [
      ...(path === 'bad' ? ['path: expected a good one'] : []),
      ...(size === 13 ? ['size: expected luck'] : []),
    ],
  ),
});

const folder = mkdtempSync(join(tmpdir(), 'postern-tables-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'x.conf');

/** A file with this content, as the sources of a configuration. */
function given(content: string, more: Sources = {}): Sources {
  writeFileSync(file, content);
  return { file, ...more };
}

function problemsOf(sources: Sources): string[] {
  try {
    loadConfig(schema, sources);
    return [];
  } catch (error) {
    return (error as ConfigError).problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
  }
}

const issuers =
  '[[token]]\nissuer = "a"\n[[token.claims]]\nfrom = "x"\n[[token]]\ncheck = true\n[[token.claims]]\n[[token.claims]]\nfrom = "z"\n';

describe('tables', () => {
  it('are as many as there are, each with its own inner ones', () => {
    assert.deepEqual(loadConfig(schema, given(issuers)).token, [
      { issuer: 'a', check: null, claims: [{ from: 'x' }] },
      { issuer: 'own', check: true, claims: [{ from: '' }, { from: 'z' }] },
    ]);
  });

  it('may be a single section, or inline, or none', () => {
    const one = [{ issuer: 'b', check: null, claims: [] }];
    assert.deepEqual(loadConfig(schema, given('[TOKEN]\nIssuer = "b"\n')).token, one);
    assert.deepEqual(loadConfig(schema, given('token = [{ issuer = "b" }]\n')).token, one);
    assert.deepEqual(loadConfig(schema, given('')).token, []);
  });

  it('are reached by flags and the environment, by number or as the first', () => {
    const env = { TOKEN_ISSUER: 'first', token_1_claims_1_from: 'env' };
    const { token } = loadConfig(schema, given(issuers, { env, flags: ['--token.1.issuer=second'] }));
    assert.deepEqual(
      token.map(({ issuer }) => issuer),
      ['first', 'second'],
    );
    assert.equal(token[1]?.claims[1]?.from, 'env');
    assert.deepEqual(loadConfig(schema, { flags: ['--token.issuer=alone'] }).token[0]?.issuer, 'alone');
  });

  it('have no gaps', () => {
    assert.deepEqual(problemsOf(given(issuers, { flags: ['--token.3.issuer=x'] })), [
      'token: there is a number 3, but no number 2',
    ]);
  });

  it('name line and key of each mistake, in the table that it is in', () => {
    const wrong = '[[token]]\nissuer = 1\n\n[[token]]\nissuer = 2\nisuer = "x"\n  [[token.claims]]\n  from = 3\n';
    assert.deepEqual(problemsOf(given(wrong)), [
      'x.conf:6: unknown key "token.isuer"; did you mean "token.issuer"?',
      'x.conf:2: token.issuer: expected a string, got 1',
      'x.conf:5: token.issuer: expected a string, got 2',
      'x.conf:8: token.claims.from: expected a string, got 3',
    ]);
    assert.deepEqual(problemsOf(given('token = 1\n')), ['x.conf:1: token: expected sections, [[token]]']);
    assert.deepEqual(problemsOf(given('token = [1]\n')), ['x.conf:1: token: expected sections, [[token]]']);
  });
});

describe('names that users choose', () => {
  it('are kept as they are, in quotation marks too', () => {
    const { api } = loadConfig(
      schema,
      given('[api.users.Alice]\nscopes = ["a"]\n[api.users."b.c d"]\n[API.Users.__proto__]\npassword = "p"\n'),
    );
    assert.deepEqual(
      [...api.users],
      [
        ['Alice', { password: '', scopes: ['a'] }],
        ['b.c d', { password: '', scopes: [] }],
        ['__proto__', { password: 'p', scopes: [] }],
      ],
    );
  });

  it('may be quoted together with their sections, as the original of 3.0 writes them', () => {
    const { users } = loadConfig(
      schema,
      given('["api.users"]\n["api.users.Alice"]\nscopes = ["a"]\n["API"."users.bob"]\n'),
    ).api;
    assert.deepEqual(
      Array.from(users, ([name, { scopes }]) => [name, ...scopes]),
      [['Alice', 'a'], ['bob']],
    );
    assert.deepEqual(problemsOf(given('\n["api.users.a"]\nscopes = 1\n["api.usrs"]\n')), [
      'x.conf:4: unknown key "api.usrs"; did you mean "api.users"?',
      'x.conf:3: "api.users.a".scopes: expected a list of strings, got 1',
    ]);
  });

  it('may be those of single options', () => {
    assert.deepEqual([...loadConfig(schema, given('[api.extra]\nX-y = "1"\n')).api.extra], [['X-y', '1']]);
  });

  it('are reached by flags as they are, and by the environment in any case', () => {
    const env = { API_USERS_ALICE_SCOPES: 'x', api_users_bob_smith_scopes: 'y' };
    const flags = ['--api.users."b.c d".scopes=z', '--api.users.alice.scopes=other'];
    const { users } = loadConfig(schema, given('[api.users.Alice]\nscopes = ["a"]\n', { env, flags })).api;
    assert.deepEqual(
      Array.from(users, ([name, { scopes }]) => [name, ...scopes]),
      [
        ['Alice', 'x'],
        ['bob_smith', 'y'],
        ['b.c d', 'z'],
        ['alice', 'other'],
      ],
    );
  });

  it('hide no secret in an error, and no unknown key', () => {
    assert.deepEqual(problemsOf(given('[api.users.a]\npassword = 4711\nscope = "x"\n')), [
      'x.conf:3: unknown key "api.users.a.scope"; did you mean "api.users.a.scopes"?',
      'x.conf:2: api.users.a.password: expected a string',
    ]);
  });

  it('of a secret may name a file', () => {
    writeFileSync(join(folder, 'p'), 'from a file\n');
    assert.equal(
      loadConfig(schema, given('[api.users.a]\npasswordFile = "p"\n')).api.users.get('a')?.password,
      'from a file',
    );
    const env = { api_users_a_password_FILE: join(folder, 'p') };
    assert.equal(loadConfig(schema, { env }).api.users.get('a')?.password, 'from a file');
  });
});

describe('former names', () => {
  for (const content of ['[store]\nfile.path = "p"\n', '[Store.File]\nPath = "p"\n', '[old]\npath = "p"\n']) {
    it(`are accepted: ${JSON.stringify(content)}`, () =>
      assert.equal(loadConfig(schema, given(content)).store.path, 'p'));
  }

  it('are accepted by flags and the environment', () => {
    assert.equal(loadConfig(schema, { flags: ['--store.file.path=p'] }).store.path, 'p');
    assert.equal(loadConfig(schema, { env: { OLD_PATH: 'p' } }).store.path, 'p');
  });

  it('beside the present one are refused, and so is what else stands there', () => {
    assert.deepEqual(problemsOf(given('[store]\npath = "a"\nfile.path = "b"\n')), [
      'x.conf:3: store.file.path: already given by x.conf:2: store.path',
    ]);
    assert.deepEqual(problemsOf(given('[old]\npaht = "a"\n')), ['x.conf:2: unknown key "old.paht"']);
    assert.deepEqual(problemsOf(given('old = 1\n')), ['x.conf:1: old: expected a section, [old]']);
  });
});

describe('an option', () => {
  it('without effect is worth a warning unless it has its default', () => {
    const { warnings } = readConfig(schema, given('[store]\nsize = 2\n'));
    assert.deepEqual(warnings, [`${file}:2: store.size has no effect: sizes are no more.`]);
    assert.deepEqual(readConfig(schema, given('[store]\nsize = 1\n')).warnings, []);
  });

  it('that is not built is refused unless it has its default', () => {
    assert.deepEqual(problemsOf(given('[store]\nstrict = true\n')), [
      'x.conf:2: store.strict: expected false, since strictness is not built yet',
    ]);
    assert.deepEqual(problemsOf(given('[store]\nstrict = true\n', { flags: ['--store.strict=false'] })), []);
  });

  it('that a rule of its section refuses is named with its place, all of them at once', () => {
    assert.deepEqual(problemsOf(given('[store]\npath = "bad"\n', { flags: ['--store.size=13'] })), [
      'x.conf:2: store.path: expected a good one',
      '--store.size: expected luck',
    ]);
  });

  it('says whether and where it was given', () => {
    const loaded = readConfig(schema, given(issuers));
    assert.ok(loaded.isGiven('token.1.check') && !loaded.isGiven('token.0.check'));
    assert.equal(loaded.where('token.1.check'), `${file}:6: token.check`);
    assert.equal(loaded.where('token.0.check'), 'token.0.check');
  });
});

it('values nested beyond all reason, and files beyond all size, are refused', () => {
  assert.match(problemsOf(given(`x = ${'['.repeat(100_000)}`))[0] ?? '', /^x\.conf/);
  assert.deepEqual(problemsOf(given(`#${' '.repeat(1_100_000)}`)), ['x.conf: expected at most 1048576 characters']);
});

it('the documentation shows tables and chosen names as a file writes them, and the file can be loaded', () => {
  const markdown = toMarkdown(schema, '');
  for (const header of ['## [[token]]', '## [[token.claims]]', '## [api.users.<name>]', '## [api.extra]']) {
    assert.ok(markdown.includes(`\n${header}\n`), header);
  }
  assert.match(markdown, /\| `size` .* Something\. No effect: sizes are no more\. \|/);
  assert.match(markdown, /\| `strict` .* Nothing but the default is accepted: strictness is not built yet\. \|/);
  assert.deepEqual(loadConfig(schema, given(toToml(schema, 'Head.'))), loadConfig(schema));
});
