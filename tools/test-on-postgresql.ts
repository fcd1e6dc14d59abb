/**
 * `npm run test:postgresql [-- WORD …]`: tests of the whole system with their stores in PostgreSQL instead of SQLite.
 * Words choose files, as with `npm test`; without any, the scenarios of REST, tokens and decisions.
 */
import { spawnSync } from 'node:child_process';
import { startPostgresql } from '../test/support/postgresql.ts';
import { missing } from '../test/support/servers.ts';
import { postgresqlVariable } from '../test/support/store.ts';

const words = process.argv.slice(2);
const why = missing('postgresql');
if (why) {
  console.error(`test:postgresql: ${why}`);
  process.exit(1);
}
const server = await startPostgresql();
const chosen =
  words.length > 0
    ? words
    : ['scenarios/rest', 'scenarios/decisions', 'scenarios/tokens', 'scenarios/revocation', 'conformance/rfc'];
const { status } = spawnSync(process.execPath, ['test/run.ts', ...chosen], {
  stdio: 'inherit',
  env: { ...process.env, [postgresqlVariable]: `postgresql://postern@127.0.0.1:${server.port}/postgres` },
});
await server.close();
process.exit(status ?? 1);
