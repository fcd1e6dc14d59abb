import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { toMarkdown, toToml } from '../platform/config/document.ts';
import { loadConfig } from '../platform/config/load.ts';
import { options } from '../platform/config/schema.ts';
import { optionsSchema } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-options-'));
after(() => rmSync(folder, { recursive: true }));

describe('the options', () => {
  it('have names that differ in the environment too', () => {
    const variables = Array.from(options(optionsSchema), ([name]) => name.replaceAll('.', '_').toLowerCase());
    assert.deepEqual([...new Set(variables)], variables);
  });

  it('have descriptions in whole sentences, without what would break a table', () => {
    for (const [name, option] of options(optionsSchema)) assert.match(option.description, /^[^|\n]+\.$/, name);
  });

  it('are all in the generated file, with defaults that the loader accepts', () => {
    const file = join(folder, 'all.toml');
    // Sections whose names users choose are comments as a whole.
    const sections = toToml(optionsSchema, 'Head.').split(/^(?=(?:# )?\[)/m);
    const given = (text: string) => (text.startsWith('#') ? text : text.replace(/^# (\w+ = )/gm, '$1'));
    const content = sections.map((text, at) => (at === 0 ? text : given(text))).join('');
    writeFileSync(file, content);
    assert.deepEqual(loadConfig(optionsSchema, { file }), loadConfig(optionsSchema));
    for (const [name] of options(optionsSchema))
      assert.match(content, new RegExp(`^(?:# )?${name.split('.').at(-1)} = `, 'm'));
  });

  it('are all in the reference', () => {
    const rows = toMarkdown(optionsSchema, '').match(/^\| `.+ \|$/gm);
    assert.equal(rows?.length, [...options(optionsSchema)].length);
  });

  const wrong: [flags: string[], problem: RegExp][] = [
    [['--tokens.timestampSkew=3600'], /^--tokens\.timestampSkew: expected less than/],
    [['--tokens.timestampSkew=60', '--tokens.applicationTokenValidity=60'], /^--tokens\.timestampSkew: expected less/],
    [['--tokens.refreshTokenValidity=0'], /^--tokens\.refreshTokenValidity: expected -1 or at least 1/],
    [['--gateway.backend.http2Origins=ws://localhost:1'], /http2Origins: expected http:.* got "ws:\/\/localhost:1"/],
    [
      ['--gateway.tunnel.protocols=websocket,h2c'],
      /protocols: expected none in which requests would pass .* got "h2c"/,
    ],
    [['--gateway.clientCertificate.header=a b'], /clientCertificate\.header: expected the name .* got "a b"/],
    [
      ['--gateway.clientCertificate.trustedProxies=::1,10.0.0.0/40,proxy'],
      /expected IP addresses and blocks.* got "10\.0\.0\.0\/40".*\n.* got "proxy"/,
    ],
    [['--tokens.signingAlgorithm=none'], /^--tokens\.signingAlgorithm: expected one of RS256, PS256, ES256, EdDSA/],
  ];
  for (const [flags, problem] of wrong) {
    it(`refuse ${flags.join(' ')}`, () => {
      assert.throws(() => loadConfig(optionsSchema, { flags }), { name: 'ConfigError', message: problem });
    });
  }
});
