import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeZip } from '../../platform/zip.ts';
import { apiExport, applicationExport, exportedApplication, exportedFiles } from './exported-files.ts';
import { writeFolder } from './folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-export-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;

const archive = (...paths: string[]) => writeZip(new Map(paths.map((path) => [path, Buffer.from('theirs')])));
const exported = (...paths: string[]) => exportedFiles(archive('X-1/Meta-information/api.yaml', ...paths), apiExport);
const write = (path: string, text = 'mine'): void => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
};

test('the parts of a project are taken, without the folder around them', () => {
  const parts = [
    ...[
      'Meta-information/swagger.yaml',
      'Meta-information/client_certificates.json',
      'Docs/docs.yml',
      'Image/icon.png',
    ],
    ...['Docs/InlineContents/How to%2Forder', 'Docs/FileContents/%C3%9C_1.pdf', 'Docs/FileContents/a.b'],
  ];
  const files = exported(...parts.map((part) => `X-1/${part}`));
  assert.deepEqual([...files.keys()].sort(), ['Meta-information/api.yaml', ...parts].sort());
});

for (const path of [
  'X-1/.git/hooks/pre-commit',
  'X-1/api_params.yaml',
  'X-1/README\u001b[31m',
  'X-1/package.json',
  'X-1/Meta-information/api.yaml.orig',
  'X-1/Meta-information/.api.yaml',
  'X-1/Meta-information/x/api.yaml',
  'X-1/meta-information/api.yaml',
  'X-1/Docs/InlineContents/.bashrc',
  'X-1/Docs/InlineContents/a/b',
  'X-1/Docs/InlineContents/a\u202eb',
  'X-1/Docs/InlineContents/ends with a dot.',
  'X-1/Image/icon.png.sh',
  'X-1/WSDL/a.wsdl',
  'Y-1/Docs/docs.yaml',
  'X-1/../../x',
  '/etc/x',
])
  test(`${JSON.stringify(path)} in an export is refused, and named without what commands a terminal`, () => {
    assert.throws(
      () => exported(path),
      (error: Error) => {
        assert.equal(error.name, 'RemoteError');
        assert.match(error.message, /no part of an export|several folders|is not allowed/);
        assert.doesNotMatch(error.message, /[\p{Cc}\u202e]/u);
        return true;
      },
    );
  });

test('names that differ only in case, an export of nothing, and what is no archive are refused', () => {
  assert.throws(() => exported('X-1/Docs/InlineContents/a', 'X-1/Docs/InlineContents/A'), /differ only in case/);
  assert.throws(() => exportedFiles(archive('X-1/Docs/docs.yaml'), apiExport), /nothing that is an API/);
  assert.throws(() => exportedFiles(archive(), apiExport), /nothing that is an API/);
  assert.throws(() => exportedFiles(Buffer.from('x'), apiExport), { name: 'RemoteError' });
});

test('of an application one file is taken, under the name that it is to have', () => {
  assert.deepEqual([...exportedApplication(archive('.x/.x.json'), 'mine.json').keys()], ['mine.json']);
  for (const paths of [['A/A.json', 'A/.git/config'], ['A/api_params.yaml'], ['A/a/b.json'], []])
    assert.throws(() => exportedApplication(archive(...paths), 'mine.json'), /nothing was written/);
});

test('--force replaces the parts of an export, and nothing else', () => {
  const target = join(folder, `${folders++}`);
  const kept = [
    ...['.git/config', '.git/hooks/pre-commit', 'api_params.yaml', 'README.md', 'package.json', 'certs/back.pem'],
    ...['Meta-information/notes.txt', 'Docs/InlineContents/.hidden', 'WSDL/a.wsdl'],
  ];
  for (const name of kept) write(join(target, name));
  symlinkSync('/nonexistent', join(target, 'link'));
  for (const name of ['Meta-information/api.json', 'Docs/InlineContents/gone']) write(join(target, name));
  assert.throws(() => writeFolder(target, exported(), apiExport, { replace: false }), /is there already/);
  writeFolder(target, exported('X-1/Docs/docs.yaml'), apiExport, { replace: true });
  const files = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const names = files.map((entry) => join(entry.parentPath, entry.name).slice(target.length + 1)).sort();
  assert.deepEqual(names, [...kept, 'Docs/docs.yaml', 'Meta-information/api.yaml', 'link'].sort());
  for (const name of kept) assert.equal(readFileSync(join(target, name), 'utf8'), 'mine', name);
  assert.equal(readFileSync(join(target, 'Meta-information/api.yaml'), 'utf8'), 'theirs');
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('new')),
    [],
  );
});

test('--force replaces no folder that no export has written, and writes through no link', () => {
  const target = join(folder, `${folders++}`);
  write(join(target, 'package.json'));
  const replace = () => writeFolder(target, exported('X-1/Docs/docs.yaml'), apiExport, { replace: true });
  assert.throws(replace, /is no export of an API/);
  const app = new Map([['App.json', Buffer.from('{}')]]);
  assert.throws(
    () => writeFolder(target, app, applicationExport('App.json'), { replace: true }),
    /is no export of an application/,
  );
  write(join(target, 'Meta-information/api.yaml'));
  const outside = join(folder, 'outside');
  mkdirSync(outside);
  symlinkSync(outside, join(target, 'Docs'));
  assert.throws(replace, /Docs is a symbolic link; expected a folder/);
  assert.deepEqual(readdirSync(outside), []);
  assert.equal(readFileSync(join(target, 'Meta-information/api.yaml'), 'utf8'), 'mine');
  rmSync(join(target, 'Docs'));
  symlinkSync(join(outside, 'x'), join(target, 'Meta-information/swagger.yaml'));
  writeFolder(target, exported('X-1/Meta-information/swagger.yaml'), apiExport, { replace: true });
  assert.ok(!existsSync(join(outside, 'x')));
});
