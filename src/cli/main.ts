/**
 * `postern`: which commands there are. How each is called is in `usage/`, what it does in `commands/`, one file each; a
 * start loads that of one command only.
 */
import { runProgram } from './program.ts';
import { backup, restore } from './usage/backup.ts';
import { completion } from './usage/completion.ts';
import { enrol, gateways } from './usage/gateways.ts';
import { hashPassword } from './usage/hash-password.ts';
import { identityProvider } from './usage/identity-provider.ts';
import { keys } from './usage/keys.ts';
import { passwordLink } from './usage/password-link.ts';
import { changeStatus, env, exportCommand, get, importCommand, login, logout } from './usage/remote.ts';
import { revoke } from './usage/revoke.ts';
import { controlPlane, gateway, keyManager, management, start } from './usage/roles.ts';
import { run } from './usage/run.ts';
import { samlAssertion } from './usage/saml.ts';
import { serviceProvider } from './usage/service-provider.ts';
import { status } from './usage/status.ts';
import { build, init, pull } from './usage/toolkit.ts';

await runProgram(
  'postern',
  'API manager: gateway, key manager, control plane and microgateway toolkit.',
  [
    start,
    gateway,
    keyManager,
    controlPlane,
    management,
    init,
    pull,
    build,
    run,
    env,
    login,
    logout,
    get,
    keys,
    changeStatus,
    exportCommand,
    importCommand,
    revoke,
    samlAssertion,
    passwordLink,
    hashPassword,
    status,
    gateways,
    enrol,
    identityProvider,
    serviceProvider,
    backup,
    restore,
    completion,
  ],
  process.argv.slice(2),
);
