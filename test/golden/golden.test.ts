/**
 * Each folder here is a project with what its build has to say (`problems.txt`) and to make (`expected.jsonl`, the
 * artifact; none where the build has to fail). GOLDEN=update writes both; read the difference before you believe it.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readArtifact } from '../../src/adapters/artifacts/artifact.ts';
import { describeProblems } from '../../src/cli/print-problems.ts';
import { buildProject } from '../../src/toolkit/build.ts';

const golden = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'golden-'));
after(() => rmSync(folder, { recursive: true }));

for (const entry of readdirSync(golden, { withFileTypes: true })) {
  if (!entry.isDirectory()) continue;
  const { name } = entry;
  const expected = join(golden, name, 'expected.jsonl');
  const said = join(golden, name, 'problems.txt');
  const isGood = existsSync(expected);

  test(`${name} ${isGood ? 'builds' : 'does not build'} as expected`, async () => {
    const project = join(folder, name);
    cpSync(join(golden, name), project, { recursive: true });
    rmSync(join(project, 'expected.jsonl'), { force: true });
    const { problems, artifact } = await buildProject(project);
    const words = describeProblems(problems).join('\n');
    if (process.env.GOLDEN === 'update') {
      writeFileSync(said, `${words}\n`);
      if (artifact) cpSync(artifact.file, expected);
      return;
    }
    assert.equal(`${words}\n`, readFileSync(said, 'utf8'));
    assert.equal(artifact !== null, isGood);
    assert.equal(existsSync(join(project, 'target')), isGood, 'a failed build leaves nothing behind');
    if (!artifact) return;
    assert.equal(readFileSync(artifact.file, 'utf8'), readFileSync(expected, 'utf8'));
    assert.equal(readArtifact(artifact.file).hash, artifact.hash);
    await buildProject(project);
    assert.equal(readFileSync(artifact.file, 'utf8'), readFileSync(expected, 'utf8'), 'and the same once more');
  });
}
