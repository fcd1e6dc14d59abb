/** Only that it runs: what it measures beside other tests means nothing. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { obstacle } from './programs.ts';

const main = new URL('./main.ts', import.meta.url).pathname;

it('--quick measures the gateway on both wires, and writes a text, JSON and a chart', {
  skip: obstacle() ?? false,
  timeout: 60_000,
}, async (t) => {
  const out = mkdtempSync(join(tmpdir(), 'postern-bench-test-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const { status, said } = await run(['--quick', '--out', out]);
  assert.equal(status, 0, said);
  const [scenario] = JSON.parse(readFileSync(join(out, 'gateway.json'), 'utf8')).scenarios;
  const { contenders } = scenario.contest as { contenders: { name: string; rounds: number[] }[] };
  for (const name of ['postern (net)', 'postern (node)', 'nginx', 'fastify']) {
    const rounds = contenders.find((one) => one.name === name)?.rounds ?? [];
    assert.ok(rounds.length === 2 && rounds.every((micros) => micros > 1), `${name}: ${rounds}`);
    assert.match(said, new RegExp(`^  ${name.replace(/[()]/g, '\\$&')} .* \\d+\\.\\d `, 'm'));
  }
  assert.match(readFileSync(join(out, 'gateway.svg'), 'utf8'), /^<svg [\s\S]*postern \(net\)[\s\S]*<\/svg>\n$/);
});

it('2 and how it is called, when it is called wrongly', async () => {
  const { status, said } = await run(['--scenario', 'everything']);
  assert.equal(status, 2);
  assert.match(said, /--scenario: expected cached-jwt, .*; got everything\n\nnpm run bench -- \[options\]/s);
});

async function run(args: readonly string[]): Promise<{ status: number; said: string }> {
  const child = spawn(process.execPath, [main, ...args]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void (said += chunk));
  const [status] = (await once(child, 'close')) as [number];
  return { status, said };
}
