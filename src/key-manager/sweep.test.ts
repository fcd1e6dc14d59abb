import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addClient, startAuthorizationServer } from '../../test/conformance/authorization-server.ts';
import { ManualClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { sweep } from './sweep.ts';

const minute = 60_000;
const day = 1440 * minute;

test('rows of expired tokens stay while the clock is days ahead, and go a day after their tokens', async (t) => {
  const clock = new ManualClock(1_700_000_000_000);
  await using server = await startAuthorizationServer({ clock });
  const client = await addClient(server, {});
  await server.post('/oauth2/token', { grant_type: 'client_credentials' }, client);
  t.mock.timers.enable({ apis: ['setInterval'] });
  t.after(sweep(server.store, clock, silentLog));
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 10 * minute) {
      clock.advance(10 * minute);
      t.mock.timers.tick(10 * minute);
    }
    // Behind what was swept: transactions take turns.
    return server.store.transaction(({ db }) => db.selectFrom('access_tokens').select('id').execute());
  };
  await pass(70 * minute);
  const right = clock.now();
  clock.set(right + 3 * day);
  assert.equal((await pass(50 * minute)).length, 1);
  clock.set(right);
  assert.equal((await pass(day - 80 * minute)).length, 1);
  assert.equal((await pass(90 * minute)).length, 0);
});
