/** What `postern gateway` and `postern run` load: their own modules and few packages, nothing of the other roles. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { writeArtifact } from '../../src/adapters/artifacts/artifact.ts';
import { startMicrogateway } from '../support/microgateway.ts';
import { newDataFolder, startPostern } from '../support/postern.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Packages that a gateway may load, with what they bring. */
const packages = [
  '@pinojs/redact',
  'atomic-sleep',
  'commander',
  'on-exit-leak-free',
  'pino',
  'pino-std-serializers',
  'quick-format-unescaped',
  'real-require',
  'safe-stable-stringify',
  'sonic-boom',
  'thread-stream',
  'undici',
];

/** Of the files that processes loaded, as V8 wrote them: ours, and the packages by name. */
function loadedModules(coverage: string, t: TestContext): { own: string[]; names: string[] } {
  const loaded = new Set<string>();
  for (const file of readdirSync(coverage)) {
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as { result: { url: string }[] };
    for (const { url } of result) if (url.startsWith('file:')) loaded.add(fileURLToPath(url).slice(root.length));
  }
  const own = [...loaded].filter((file) => file.startsWith('src/')).sort();
  const foreign = [...loaded].filter((file) => file.startsWith('node_modules/'));
  const names = [
    ...new Set(foreign.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] as string)),
  ].sort();
  t.diagnostic(`${own.length} modules of ours: ${own.join(' ')}`);
  t.diagnostic(`${foreign.length} modules of packages: ${names.join(' ')}`);
  assert.ok(own.includes('src/gateway/pipeline.ts') && own.includes('src/gateway/gateway.ts'), 'both kinds of thread');
  return { own, names };
}

test('a gateway loads none of the control plane, the key manager and the stores', async (t) => {
  const data = newDataFolder();
  const coverage = mkdtempSync(join(tmpdir(), 'postern-test-'));
  folders.push(data, coverage);
  // The first start makes the certificates, for which it needs more.
  await (await startPostern({ role: 'gateway', data, args: ['--controlPlane.url='] })).stop();
  const gateway = await startPostern({
    role: 'gateway',
    data,
    args: ['--controlPlane.url=https://localhost:1'],
    until: /^postern waits/m,
    env: { NODE_V8_COVERAGE: coverage },
  });
  assert.equal(await gateway.stop(), 0);

  const { own, names } = loadedModules(coverage, t);
  const strangers = own.filter(
    (file) =>
      /^src\/(control-plane|key-manager|toolkit|adapters\/(stores|user-stores))\//.test(file) &&
      !file.endsWith('/options.ts'),
  );
  assert.deepEqual(strangers, []);
  assert.deepEqual(
    names.filter((name) => !packages.includes(name)),
    [],
  );
});

test('a microgateway without configuration loads no format that it does not read', async (t) => {
  const coverage = mkdtempSync(join(tmpdir(), 'postern-test-'));
  const data = newDataFolder();
  folders.push(coverage, data);
  const artifact = join(data, 'none.postern');
  writeArtifact(artifact, []);
  const args = [artifact, '--data', data];
  await (await startMicrogateway({ args, folder: data })).stop();
  const microgateway = await startMicrogateway({ args, folder: data, env: { NODE_V8_COVERAGE: coverage } });
  t.diagnostic(/postern ready.*/.exec(microgateway.output())?.[0] ?? '');
  assert.equal(await microgateway.stop(), 0);

  const { own, names } = loadedModules(coverage, t);
  const strangers = own.filter((file) =>
    /^src\/(control-plane|key-manager|toolkit|adapters\/(stores|user-stores|openapi))\/|trust-stores\/(pem|pkcs12|jks)/.test(
      file,
    ),
  );
  assert.deepEqual(strangers, []);
  assert.deepEqual(
    names.filter((name) => !packages.includes(name)),
    [],
  );
});
