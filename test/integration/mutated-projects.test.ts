/**
 * Definitions and policies that somebody typed wrongly: the golden projects with seeded mutations. Whatever they are, a
 * build ends soon, with a good artifact or with an error that names a file; and nothing is open that nobody opened.
 *
 * MUTATIONS=1000 tries more of them, MUTATION_SEED=7 others; the default is for every day.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readArtifact } from '../../src/adapters/artifacts/artifact.ts';
import { buildProject } from '../../src/toolkit/build.ts';

const count = Number(process.env.MUTATIONS ?? 200);
const seed = Number(process.env.MUTATION_SEED ?? 1);
/** Milliseconds that one build may take; the machine may be busy. */
const patience = 10_000;

const golden = join(import.meta.dirname, '..', 'golden');
const sources = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) =>
    ['policies.yaml', 'api_definitions', 'gen/api_definitions', 'gen/policies.yaml']
      .map((path) => join(golden, name, path))
      .filter((path) => existsSync(path))
      .flatMap((path) => (path.endsWith('.yaml') ? [path] : readdirSync(path).map((file) => join(path, file))))
      .map((path) => ({ project: name, path })),
  );

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
function random(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const odd: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  '',
  ' ',
  'x'.repeat(5000),
  '\u0000\u2028\ud800',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  '#/nowhere',
  'http://[::1',
  [],
  {},
  [[]],
  [null],
  { $ref: '#/paths' },
  { $ref: '#' },
  { $ref: 'http://127.0.0.1:1/' },
  { constructor: { prototype: 1 } },
  { urls: null },
];
const oddText = [
  '&a ',
  '*a ',
  '? ',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  '\t',
  '|\n',
  '!!js/x ',
  '<<: ',
  '%',
  '---\n',
  '\ufeff',
  '\r',
];

/** One to three changes: of letters and lines, or of values. */
function mutate(text: string, next: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const at = (): number => Math.floor(next() * (text.length + 1));
  const changes = 1 + Math.floor(next() * 3);
  for (let i = 0; i < changes; i++) {
    const lines = text.split('\n');
    const line = Math.floor(next() * lines.length);
    const where = at();
    switch (Math.floor(next() * 8)) {
      case 0:
        text = text.slice(0, where) + pick(oddText) + text.slice(where);
        break;
      case 1:
        text = text.slice(0, where) + text.slice(where + 1 + Math.floor(next() * 20));
        break;
      case 2:
        text = lines.toSpliced(line, 1).join('\n');
        break;
      case 3:
        text = lines.toSpliced(line, 0, pick(lines)).join('\n');
        break;
      case 4:
        text = lines.with(line, `  ${lines[line]}`).join('\n');
        break;
      default:
        text = mutateValue(text, next, pick);
    }
  }
  return text;
}

function mutateValue(text: string, next: () => number, pick: <T>(list: readonly T[]) => T): string {
  let value: unknown;
  try {
    value = parse(text, { logLevel: 'silent' });
  } catch {
    return text;
  }
  let parent: Record<string, unknown> | null = null;
  let key = '';
  for (let at = value; typeof at === 'object' && at !== null; at = parent[key]) {
    const keys = Object.keys(at);
    if (keys.length === 0 || (parent && next() < 0.15)) break;
    parent = at as Record<string, unknown>;
    key = pick(keys);
  }
  if (!parent) return text;
  const change = next();
  if (change < 0.2) delete parent[key];
  else if (change < 0.4 && !Array.isArray(parent)) {
    parent[`${key}${pick(['s', 'X', ' ', '~', '/'])}`] = parent[key];
    delete parent[key];
  } else if (change < 0.5 && !Array.isArray(parent))
    parent[pick(['x-wso2-disable-security', 'security', 'x-auth-type'])] = pick(odd);
  else parent[key] = pick(odd);
  return JSON.stringify(value, null, 1);
}

/** Whether somebody switched security off anywhere in the definition. */
function isOpened(text: string): boolean {
  return /x-wso2-disable-security["']?\s*:\s*true|x-auth-type["']?\s*:\s*["']?None/.test(text);
}

test(`${count} mutated projects: each builds, or fails with an error that names a file`, async () => {
  const next = random(seed);
  const root = mkdtempSync(join(tmpdir(), 'mutated-'));
  let built = 0;
  try {
    for (let i = 0; i < count; i++) {
      const { project, path } = sources[Math.floor(next() * sources.length)] as (typeof sources)[number];
      const folder = join(root, `p${i}`);
      cpSync(join(golden, project), folder, { recursive: true });
      // One of two wrong projects hides what a mutation does: the definition alone, then.
      const text = mutate(readFileSync(path, 'utf8'), next);
      if (!path.includes('policies') && next() < 0.7)
        rmSync(join(folder, 'api_definitions'), { recursive: true, force: true });
      mkdirSync(join(folder, 'api_definitions'), { recursive: true });
      writeFileSync(join(folder, path.slice(join(golden, project).length)), text);

      const what = `mutation ${i} of seed ${seed} (${path.slice(golden.length)})`;
      const started = performance.now();
      const { problems, artifact } = await buildProject(folder).catch((error: Error) => {
        writeFileSync(join(tmpdir(), 'mutation-that-failed.txt'), text);
        throw new Error(`${what}: ${error.stack}`);
      });
      assert.ok(performance.now() - started < patience, `${what} took too long`);
      if (artifact) {
        built++;
        const { entities } = readArtifact(artifact.file);
        const isOpen = entities.some(
          (entity) => entity.kind === 'api' && entity.value?.resources.some(({ authType }) => authType === 'None'),
        );
        const texts = [folder, join(folder, 'gen')].flatMap((part) => textsOf(join(part, 'api_definitions')));
        assert.ok(!isOpen || texts.some(isOpened), `${what} opened an operation`);
      } else {
        const errors = problems.filter(({ severity }) => severity === 'error');
        assert.ok(errors.length > 0, `${what} failed without an error`);
        for (const { file, message, remedy } of errors) assert.ok(file && message && remedy, what);
        assert.ok(!existsSync(join(folder, 'target')), `${what} left something in target`);
      }
      rmSync(folder, { recursive: true });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  assert.ok(built > count / 20, `only ${built} of ${count} built: the mutations are too rough to tell anything`);
});

function textsOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
}
