import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ConfigError } from './config-error.ts';
import { loadConfig, type Sources } from './load.ts';
import { boolean, choice, integer, list, number, port, section, text } from './schema.ts';

const description = 'Something.';
const schema = section('', {
  name: text({ default: 'nobody', description }),
  gate: section('A gate.', {
    httpsPort: port({ default: 8243, description }),
    ratio: number({ default: 0.5, minimum: 0, description }),
    open: boolean({ default: false, description }),
    hosts: list({ default: ['localhost'], description }),
    alg: choice(['RS256', 'EdDSA'], { default: 'RS256', description }),
    cache: section('A cache.', {
      token: section('Of tokens.', { ttl: integer({ default: 900, minimum: -1, description }) }),
    }),
  }),
  store: section(
    'A store.',
    {
      user: text({ default: '', description }),
      password: text({ default: '', secret: true, description }),
    },
    ({ user, password }) => (user === '' && password !== '' ? 'user: expected with a password' : undefined),
  ),
});

const folder = mkdtempSync(join(tmpdir(), 'postern-config-'));
after(() => rmSync(folder, { recursive: true }));

function fileOf(content: string, name = 'postern.toml'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function problemsOf(sources: Sources): readonly string[] {
  try {
    loadConfig(schema, sources);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.message, error.problems.join('\n'));
    return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
  }
  return [];
}

describe('values', () => {
  it('are the defaults without any source', () => {
    assert.deepEqual(loadConfig(schema), {
      name: 'nobody',
      gate: {
        httpsPort: 8243,
        ratio: 0.5,
        open: false,
        hosts: ['localhost'],
        alg: 'RS256',
        cache: { token: { ttl: 900 } },
      },
      store: { user: '', password: '' },
    });
  });

  it('are typed by their schemas', () => {
    const config = loadConfig(schema);
    const alg: 'RS256' | 'EdDSA' = config.gate.alg;
    const ttl: number = config.gate.cache.token.ttl;
    // @ts-expect-error there is no such option
    assert.equal(config.gate.nothing, undefined);
    assert.deepEqual([alg, ttl], ['RS256', 900]);
  });

  const given: [
    what: string,
    sources: Sources,
    value: (config: ReturnType<typeof loadConfig<typeof schema>>) => unknown,
    expected: unknown,
  ][] = [
    ['a file', { file: fileOf('[gate]\nhttpsPort = 1\n', '1.toml') }, (c) => c.gate.httpsPort, 1],
    [
      'a file, names in another case',
      { file: fileOf('[GATE.Cache.TOKEN]\nTTL = -1\n', '2.toml') },
      (c) => c.gate.cache.token.ttl,
      -1,
    ],
    ['a file, dotted key', { file: fileOf('gate.cache.token.ttl = 2\n', '3.toml') }, (c) => c.gate.cache.token.ttl, 2],
    ['a file, inline table', { file: fileOf('gate = { open = true }\n', '4.toml') }, (c) => c.gate.open, true],
    ['a file, list', { file: fileOf('[gate]\nhosts = ["a", "b"]\n', '5.toml') }, (c) => c.gate.hosts, ['a', 'b']],
    ['a flag with =', { flags: ['--gate.httpsPort=3'] }, (c) => c.gate.httpsPort, 3],
    [
      'a flag with a value behind it',
      { flags: ['--gate.HTTPSport', '3', '--name', 'x'] },
      (c) => [c.gate.httpsPort, c.name],
      [3, 'x'],
    ],
    [
      'a flag without a value',
      { flags: ['--gate.open', '--gate.ratio=2'] },
      (c) => [c.gate.open, c.gate.ratio],
      [true, 2],
    ],
    ['a flag whose value has = and line breaks', { flags: ['--name=a=b\nc'] }, (c) => c.name, 'a=b\nc'],
    ['a flag with a negative number', { flags: ['--gate.cache.token.ttl', '-1'] }, (c) => c.gate.cache.token.ttl, -1],
    ['a record of flags', { flags: { 'gate.hosts': 'a, b,' } }, (c) => c.gate.hosts, ['a', 'b']],
    ['the environment', { env: { gate_httpsPort: '4' } }, (c) => c.gate.httpsPort, 4],
    ['the environment in capitals', { env: { GATE_CACHE_TOKEN_TTL: ' 5 ' } }, (c) => c.gate.cache.token.ttl, 5],
    ['the environment, boolean', { env: { gate_open: 'TRUE' } }, (c) => c.gate.open, true],
    ['the environment, empty string', { env: { name: '' } }, (c) => c.name, ''],
    ['a word in another case', { flags: ['--gate.alg=eddsa'] }, (c) => c.gate.alg, 'EdDSA'],
    ['a number with a fraction', { env: { gate_ratio: '2.5e1' } }, (c) => c.gate.ratio, 25],
    ['a string that looks like a number', { env: { name: '007' } }, (c) => c.name, '007'],
  ];
  for (const [what, sources, value, expected] of given) {
    it(`come from ${what}`, () => assert.deepEqual(value(loadConfig(schema, sources)), expected));
  }

  it('of a flag go before the environment, that before the file, that before the default', () => {
    const file = fileOf('[gate]\nhttpsPort = 1\nratio = 1\nopen = true\n');
    const env = { gate_httpsPort: '2', gate_ratio: '2' };
    const { gate } = loadConfig(schema, { file, env, flags: ['--gate.httpsPort=3'] });
    assert.deepEqual([gate.httpsPort, gate.ratio, gate.open, gate.alg], [3, 2, true, 'RS256']);
  });

  it('of the environment that name no option are ignored', () => {
    const env = { PATH: '/bin', GATE: 'x', gate_nothing: '1', gate_cache: '1', UNSET: undefined };
    assert.deepEqual(loadConfig(schema, { env }), loadConfig(schema));
  });
});

describe('secrets', () => {
  const secretFile = fileOf('s3cret word\n', 'password');

  it('come from a file named in the file, relative to it, without its last line break', () => {
    const file = fileOf('[store]\nuser = "u"\npasswordFile = "password"\n');
    assert.equal(loadConfig(schema, { file }).store.password, 's3cret word');
  });

  for (const variable of ['store_password_FILE', 'STORE_PASSWORD_FILE', 'store_passwordFile']) {
    it(`come from the file that ${variable} names`, () => {
      const env = { store_user: 'u', [variable]: secretFile };
      assert.equal(loadConfig(schema, { env }).store.password, 's3cret word');
    });
  }

  it('of a source with precedence win over a file named by a lower one', () => {
    const file = fileOf('[store]\nuser = "u"\npasswordFile = "password"\n');
    assert.equal(loadConfig(schema, { file, flags: ['--store.password=other'] }).store.password, 'other');
  });

  it('never appear in an error', () => {
    const file = fileOf('[store]\npassword = 4711\n');
    assert.deepEqual(problemsOf({ file }), ['postern.toml:2: store.password: expected a string']);
    assert.doesNotMatch(problemsOf({ file: fileOf('[store]\npassword = "hush\nuser = 1\n') }).join(), /hush/);
    assert.doesNotMatch(problemsOf({ flags: ['--store.pasword=hush', 'hush'] }).join(), /hush/);
  });

  it('are refused when their file is missing, unnamed or given beside the value', () => {
    assert.deepEqual(problemsOf({ env: { store_password_FILE: join(folder, 'none') } }), [
      'environment store_password_FILE: expected a file that can be read, none: there is no such file',
    ]);
    assert.deepEqual(problemsOf({ file: fileOf('[store]\npasswordFile = 1\n') }), [
      'postern.toml:2: store.passwordFile: expected the path of a file',
    ]);
    assert.deepEqual(
      problemsOf({ flags: ['--store.user=u', '--store.password=a', `--store.passwordFile=${secretFile}`] }),
      ['--store.passwordFile: already given by --store.password'],
    );
  });
});

describe('an error names the place, the key and what was expected', () => {
  const cases: [what: string, sources: Sources, problems: string[]][] = [
    [
      'unknown key',
      { file: fileOf('\n[Gate]\nhttpPort = 1\n', 'a.toml') },
      ['a.toml:3: unknown key "Gate.httpPort"; did you mean "gate.httpsPort"?'],
    ],
    [
      'unknown section',
      { file: fileOf('[gaet.cache]\nx = 1\ny = 2\n', 'b.toml') },
      ['b.toml:1: unknown key "gaet"; did you mean "gate"?'],
    ],
    [
      'key in the wrong section',
      { file: fileOf('[gate]\nttl = 1\n', 'c.toml') },
      ['c.toml:2: unknown key "gate.ttl"; did you mean "gate.cache.token.ttl"?'],
    ],
    [
      'key like no other',
      { file: fileOf('[gate]\nwhatsoever = 1\n', 'd.toml') },
      ['d.toml:2: unknown key "gate.whatsoever"'],
    ],
    [
      'typographic quotation mark',
      { file: fileOf('[gate]\nhosts = [\u201ca\u201d]\n', 'e1.toml') },
      ['e1.toml:2:10: there is a typographic quotation mark \u201c in this line: expected a plain "'],
    ],
    [
      'typographic apostrophe',
      { file: fileOf('name = \u2018a\u2019\n', 'e2.toml') },
      ["e2.toml:1:8: there is a typographic quotation mark \u2018 in this line: expected a plain '"],
    ],
    [
      'typographic dash',
      { file: fileOf('name = \u20131\n', 'e3.toml') },
      ['e3.toml:1:8: there is a typographic dash \u2013 in this line: expected a plain -'],
    ],
    [
      'typographic quotation mark where it may be',
      { file: fileOf("name = '\u2018' x # \u201ca\u201d\n", 'e4.toml') },
      ['e4.toml:1:12: Invalid TOML document: each key-value declaration must be followed by an end-of-line'],
    ],
    ['secret that is no secret', { file: fileOf('nameFile = "x"\n', 'e.toml') }, ['e.toml:1: unknown key "nameFile"']],
    [
      'wrong type',
      { file: fileOf('[gate]\n"HttpsPort" = "x"\n', 'f.toml') },
      ['f.toml:2: gate.HttpsPort: expected an integer from 0 to 65535, got "x"'],
    ],
    [
      'number as a string',
      { file: fileOf('[gate]\nhttpsPort = "1"\n', 'g.toml') },
      ['g.toml:2: gate.httpsPort: expected an integer from 0 to 65535, got "1"'],
    ],
    [
      'fraction',
      { file: fileOf('[gate]\nhttpsPort = 1.5\n', 'h.toml') },
      ['h.toml:2: gate.httpsPort: expected an integer from 0 to 65535, got 1.5'],
    ],
    [
      'infinity',
      { file: fileOf('[gate]\nratio = inf\n', 'i.toml') },
      ['i.toml:2: gate.ratio: expected a number of at least 0, got Infinity'],
    ],
    ['date', { file: fileOf('name = 2020-01-01\n', 'j.toml') }, ['j.toml:1: name: expected a string, got a date']],
    [
      'list of numbers',
      { file: fileOf('[gate]\nhosts = [1]\n', 'k.toml') },
      ['k.toml:2: gate.hosts: expected a list of strings, got a list'],
    ],
    [
      'section for a value',
      { file: fileOf('[gate.open]\nx = 1\n', 'l.toml') },
      ['l.toml:1: gate.open: expected true or false, got a section'],
    ],
    ['value for a section', { file: fileOf('gate = 1\n', 'm.toml') }, ['m.toml:1: gate: expected a section, [gate]']],
    [
      'list of sections',
      { file: fileOf('[[gate]]\nopen = true\n', 'n.toml') },
      ['n.toml:1: gate: expected a section, [gate]'],
    ],
    [
      'inline table',
      { file: fileOf('# gate\ngate = { open = 1 }\n', 'o.toml') },
      ['o.toml:2: gate.open: expected true or false, got 1'],
    ],
    [
      'two spellings',
      { file: fileOf('[gate]\nopen = true\nOpen = false\n', 'p.toml') },
      ['p.toml:2: gate.Open: already given by p.toml:2: gate.open'],
    ],
    ['prototype', { file: fileOf('[__proto__]\nopen = true\n', 'q.toml') }, ['q.toml:1: unknown key "__proto__"']],
    [
      'prototype within',
      { file: fileOf('[gate]\n__proto__.open = true\nconstructor = 1\n', 'r.toml') },
      ['r.toml:2: unknown key "gate.__proto__"', 'r.toml:3: unknown key "gate.constructor"'],
    ],
    ['rule of a section', { flags: ['--store.password=x'] }, ['[store]: user: expected with a password']],
    ['flag, unknown', { flags: ['--gate.opne'] }, ['--gate.opne: unknown option; did you mean --gate.open?']],
    ['flag, prototype', { flags: ['--__proto__.x=1'] }, ['--__proto__.x: unknown option']],
    [
      'flag, range',
      { flags: ['--Gate.httpsPort=70000'] },
      ['--Gate.httpsPort: expected an integer from 0 to 65535, got "70000"'],
    ],
    [
      'flag, no value',
      { flags: ['--gate.httpsPort'] },
      ['--gate.httpsPort: expected an integer from 0 to 65535, got "true"'],
    ],
    ['flag, twice', { flags: ['--name=a', '--NAME=b'] }, ['--NAME: already given by --name']],
    [
      'flag, no flag',
      { flags: ['--name=a', 'b', '-c'] },
      ['argument 2: expected --section.key=value', 'argument 3: expected --section.key=value'],
    ],
    ['environment', { env: { gate_OPEN: 'yes' } }, ['environment gate_OPEN: expected true or false, got "yes"']],
    [
      'environment, empty',
      { env: { gate_ratio: '' } },
      ['environment gate_ratio: expected a number of at least 0, got ""'],
    ],
    [
      'environment, word',
      { env: { gate_alg: 'none' } },
      ['environment gate_alg: expected one of RS256, EdDSA, got "none"'],
    ],
    [
      'environment, hexadecimal',
      { env: { gate_httpsPort: '0x10' } },
      ['environment gate_httpsPort: expected an integer from 0 to 65535, got "0x10"'],
    ],
    [
      'environment, unsafe integer',
      { env: { gate_cache_token_ttl: '9007199254740993' } },
      ['environment gate_cache_token_ttl: expected an integer of at least -1, got "9007199254740993"'],
    ],
    ['no file', { file: join(folder, 'none.toml') }, ['none.toml: there is no such file']],
    ['a folder', { file: folder }, [`${folder}: it is a folder`]],
  ];
  for (const [what, sources, problems] of cases) {
    it(what, () => assert.deepEqual(problemsOf(sources), problems));
  }

  it('syntax', () => {
    const [problem, ...more] = problemsOf({ file: fileOf('[gate]\nopen = tru\n') });
    assert.match(problem ?? '', /^postern\.toml:2:\d+: .+/);
    assert.deepEqual(more, []);
  });

  it('all problems of all sources at once, one line each', () => {
    const file = fileOf('nam = 1\n[gate]\nopen = 1\n');
    assert.deepEqual(problemsOf({ file, env: { GATE_RATIO: '-1' }, flags: ['--gate.alg=HS256'] }), [
      'postern.toml:1: unknown key "nam"; did you mean "name"?',
      'postern.toml:3: gate.open: expected true or false, got 1',
      'environment GATE_RATIO: expected a number of at least 0, got "-1"',
      '--gate.alg: expected one of RS256, EdDSA, got "HS256"',
    ]);
  });

  it('and leaves the prototype of objects alone', () => {
    problemsOf({ file: fileOf('[__proto__]\npolluted = 1\n'), flags: ['--constructor.prototype.polluted=1'] });
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
});
