import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readYaml } from '../../platform/yaml-source.ts';
import { replaceValues } from './replace-values.ts';

const values = new Map<string, unknown>([
  ['b', '{"url":"https://x"}'],
  ['c', [{ name: 'Gold' }]],
  ['new', true],
  ['other', 'x'],
]);

const texts: Readonly<Record<string, string>> = {
  'block style': "a: 1\nb: '{}' # a remark\nc:\n- name: One\n- name: Two\nlast: 1.10\n",
  'nested objects': 'a: 1\nb:\n  x:\n    y: 1\nc: []\nlast: 1.10\n',
  'texts of several lines': 'a: 1\nb: |\n  {\n  }\n\nc: >-\n  one\n  two\nlast: 1.10\n',
  'values that are not said': 'a: 1\nb:\nc: ~\nlast: 1.10',
  'an anchor that nobody uses': 'a: 1\nb: &b {}\nc: &c\n- x\nlast: 1.10\n',
  JSON: '{\n  "a": 1,\n  "b": {\n    "x": 1\n  },\n  "c": [],\n  "last": 1.10\n}\n',
};
for (const [name, text] of Object.entries(texts)) {
  test(`${name}: other lines stay where they are, and as they are`, () => {
    const edited = replaceValues(text, values);
    assert.deepEqual(readYaml(edited).source?.value, { a: 1, last: 1.1, ...Object.fromEntries(values) });
    const line = (of: string): number => of.split('\n').findIndex((one) => /^ *"?last"?: 1\.10/.test(one));
    assert.ok(line(text) > 0);
    assert.equal(line(edited), line(text), edited);
  });
}

test('where that can’t be done, the values are right all the same', () => {
  const edited = replaceValues('b: &b {x: 1}\na: *b\n', values);
  assert.deepEqual(readYaml(edited).source?.value, { a: { x: 1 }, ...Object.fromEntries(values) });
});
