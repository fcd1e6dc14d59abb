/** Installs Debian packages without starting the daemons that they bring. */

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Debian asks this program whether a package may start its daemon; 101 is no. */
const policy = '/usr/sbin/policy-rc.d';

/** @throws Error that says what to do instead. */
export function installPackages(packages: readonly string[]): void {
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new Error(`only root can install ${packages.join(' ')}: sudo apt-get install ${packages.join(' ')}`);
  }
  console.log(`installing ${packages.join(' ')} ...`);
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptGet(['update', '-qq']);
    aptGet(['install', '-qq', '-y', '--no-install-recommends', ...packages]);
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}

function aptGet(args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (error) throw new Error(`apt-get does not run here: ${error.message}`);
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed\n${stdout}${stderr}`);
}
