/**
 * `npm run test:postgresql [-- WORD …]`: tests of the whole system with their stores in PostgreSQL instead of SQLite.
 * Words choose files, as with `npm test`; without any, a choice that touches every table. With `CI=true` PostgreSQL is
 * installed if it is missing.
 */
import { spawnSync } from 'node:child_process';
import { installPackages } from '../test/support/install.ts';
import { startPostgresql } from '../test/support/postgresql.ts';
import { missing, missingServers } from '../test/support/servers.ts';
import { postgresqlVariable } from '../test/support/store.ts';

const choice = [
  'conformance/rfc',
  'conformance/own-assertions',
  'scenarios/decisions',
  'rest/admin.test',
  'rest/enforced-at-once',
  'rest/portal-applications',
  'rest/publisher.test',
];

if (process.env.CI === 'true') {
  installPackages(missingServers().flatMap((server) => (server.name === 'postgresql' ? [server.package] : [])));
}
const why = missing('postgresql');
if (why) {
  console.error(`test:postgresql: ${why}`);
  process.exit(1);
}
const server = await startPostgresql();
const words = process.argv.slice(2);
const { status } = spawnSync(process.execPath, ['test/run.ts', ...(words.length > 0 ? words : choice)], {
  stdio: 'inherit',
  env: { ...process.env, [postgresqlVariable]: `postgresql://postern@127.0.0.1:${server.port}/postgres` },
});
await server.close();
process.exit(status ?? 1);
