import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReservedFields } from './reserved.ts';

test('names are reserved as a whole, or by how they begin, in whatever case', () => {
  const reserved = new ReservedFields(['forwarded', 'x-forwarded-*', 'x-real-ip']);
  for (const name of ['forwarded', 'Forwarded', 'X-FORWARDED-FOR', 'x-forwarded-', 'x-Real-IP'])
    assert.equal(reserved.hasName(name), true, name);
  for (const name of ['', 'forwarde', 'forwarded2', 'x-forwarded', 'x-forwarde', 'y-forwarded-for', 'x-real-ip2', 'é'])
    assert.equal(reserved.hasName(name), false, name);
  assert.equal(new ReservedFields([]).hasName('forwarded'), false);
});
