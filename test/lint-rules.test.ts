/** Each import rule and each promise rule, proved by a small tree that breaks it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '..');

interface Found {
  readonly rule: string;
  readonly file: string;
  readonly message: string;
}

/** Lints a tree of files under the repository's own configuration. */
function lint(files: Record<string, string>): Found[] {
  const folder = mkdtempSync(join(tmpdir(), 'postern-lint-'));
  try {
    for (const [name, content] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    for (const name of ['.oxlintrc.json', 'tsconfig.json']) copyFileSync(join(root, name), join(folder, name));
    for (const name of ['node_modules', 'tools']) symlinkSync(join(root, name), join(folder, name));
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--format=json', 'src', 'test'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const { diagnostics } = JSON.parse(stdout || stderr) as {
      diagnostics: { code: string; filename: string; message: string }[];
    };
    return diagnostics.map(({ code, filename, message }) => ({ rule: code, file: filename, message }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const value = 'export const value = 1;\n';
const importOf = (specifier: string) => `import { value } from '${specifier}';\nexport const own = value;\n`;

describe('the linter refuses', () => {
  const cases: [what: string, file: string, content: string, message: RegExp][] = [
    ['core that imports platform', 'src/core/a.ts', importOf('../platform/b.ts'), /core may not import platform/],
    ['core that imports Node', 'src/core/a.ts', "import 'node:fs';\n", /core imports nothing from outside/],
    ['core that imports a package', 'src/core/a.ts', "import 'jose';\n", /core imports nothing from outside/],
    ['platform that imports core', 'src/platform/a.ts', importOf('../core/b.ts'), /platform may not import core/],
    ['platform that imports wire', 'src/platform/a.ts', importOf('../wire/b.ts'), /platform may not import wire/],
    [
      'wire that imports platform',
      'src/wire/node/a.ts',
      importOf('../../platform/b.ts'),
      /wire may not import platform/,
    ],
    ['wire that imports core', 'src/wire/a.ts', importOf('../core/b.ts'), /wire may not import core/],
    [
      'an adapter that imports a role',
      'src/adapters/stores/a.ts',
      importOf('../../gateway/b.ts'),
      /adapters may not import gateway/,
    ],
    [
      'a role that imports another',
      'src/gateway/a.ts',
      importOf('../key-manager/b.ts'),
      /gateway may not import key-manager/,
    ],
    [
      'a role that imports a type of another',
      'src/control-plane/a.ts',
      "import type { T } from '../gateway/b.ts';\nexport type U = T;\n",
      /control-plane may not import gateway/,
    ],
    [
      'a role that loads another',
      'src/toolkit/a.ts',
      "export const b = await import('../control-plane/b.ts');\n",
      /toolkit may not import control-plane/,
    ],
    [
      'a role that exports from another',
      'src/key-manager/a.ts',
      "export * from '../toolkit/b.ts';\n",
      /key-manager may not import toolkit/,
    ],
    ['a role that imports the cli', 'src/gateway/a.ts', importOf('../cli/b.ts'), /gateway may not import cli/],
    [
      'source that imports a test',
      'src/cli/a.ts',
      importOf('../../test/support/b.ts'),
      /src imports nothing from outside src/,
    ],
    [
      'a heavy client that is always loaded',
      'src/adapters/brokers/a.ts',
      "import 'amqplib';\n",
      /load 'amqplib' by await import/,
    ],
    ['a scoped heavy client', 'src/adapters/brokers/a.ts', "import '@nats-io/transport-node';\n", /load '@nats-io/],
    [
      'a stage that imports node:http',
      'src/gateway/stages/a.ts',
      "import 'node:http';\n",
      /only through src\/wire\/wire\.ts/,
    ],
    [
      'a stage that imports a type of node:http',
      'src/gateway/stages/a.ts',
      "import type { Server } from 'node:http';\nexport type S = Server;\n",
      /only through/,
    ],
    ['a scheme that imports node:https', 'src/gateway/security/a.ts', "import 'node:https';\n", /only through/],
    ['a back end that imports undici', 'src/gateway/backends/a.ts', "import 'undici';\n", /only through/],
    [
      'throttling that imports a wire implementation',
      'src/gateway/throttling/a.ts',
      importOf('../../wire/node/b.ts'),
      /only through/,
    ],
  ];
  // One run for all, since it is a run that takes its time: each case has a file of its own.
  const numbered = cases.map(([what, file, content, message], i) => ({
    what,
    file: file.replace('a.ts', `a${i}.ts`),
    content,
    message,
  }));
  const found = lint(Object.fromEntries(numbered.map(({ file, content }) => [file, content])));
  for (const { what, file, message } of numbered) {
    it(what, () => {
      const own = found.filter((problem) => problem.file === file);
      assert.deepEqual(
        own.map(({ rule }) => rule),
        ['postern(imports)'],
      );
      assert.match(own[0]?.message ?? '', message);
    });
  }

  it('a cycle', () => {
    const found = lint({
      'src/core/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'src/core/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    });
    assert.deepEqual(new Set(found.map(({ rule }) => rule)), new Set(['import(no-cycle)']));
  });

  const promises: [rule: string, content: string][] = [
    ['no-floating-promises', 'Promise.resolve(1);\n'],
    ['no-misused-promises', 'if (Promise.resolve(false)) console.log(1);\n'],
    ['await-thenable', 'export const one = await 1;\n'],
  ];
  for (const [rule, content] of promises) {
    it(rule, () => {
      assert.deepEqual(
        lint({ 'src/platform/a.ts': content }).map((found) => found.rule),
        [`typescript(${rule})`],
      );
    });
  }
});

it('the linter accepts what the rules allow', () => {
  const found = lint({
    'src/core/token.ts': value,
    'src/core/policies/a.ts': importOf('../token.ts'),
    'src/platform/a.ts': "import 'node:fs';\nimport 'pino';\nexport const value = 1;\n",
    'src/wire/wire.ts': value,
    'src/wire/node/a.ts': `import 'node:http';\nimport 'undici';\n${importOf('../wire.ts')}`,
    'src/adapters/brokers/a.ts': `import type { Channel } from 'amqplib';\nexport const c = (x: Channel) => [x, import('amqplib')];\n${importOf('../../core/token.ts')}`,
    'src/gateway/stages/a.ts': importOf('../../wire/wire.ts'),
    'src/gateway/listen.ts': importOf('../wire/wire.ts'),
    'src/gateway/a.ts': importOf('../adapters/brokers/b.ts'),
    'src/cli/a.ts': "export const start = () => import('../gateway/a.ts');\n",
    'src/gateway/a.test.ts': importOf('../key-manager/b.ts'),
    'src/wire/contract/a.ts': importOf('../../platform/b.ts'),
    'test/a.test.ts': importOf('../src/gateway/a.ts'),
  });
  assert.deepEqual(found, []);
});
