import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEnrolmentCode, parseEnrolmentCode } from './enrolment-code.ts';

const code = { secret: '-'.repeat(22), authority: '_'.repeat(43) };

test('a code is read as it was written, and never looks like an option', () => {
  const text = formatEnrolmentCode(code);
  assert.doesNotMatch(text, /^-/);
  assert.deepEqual(parseEnrolmentCode(text), code);
});

test('what is no code is null', () => {
  const text = formatEnrolmentCode(code);
  for (const wrong of ['', text.slice(4), text.slice(0, -1), `${text}x`, ` ${text}`, text.replace('.', '')]) {
    assert.equal(parseEnrolmentCode(wrong), null, wrong);
  }
});
