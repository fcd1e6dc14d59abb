/**
 * Disks that take nothing. Full: the process may not make files longer than a limit, so that the write that crosses it
 * is torn and the next ones fail. Read-only: in the process's own view the folder is mounted so, and no write succeeds.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type GatewayNode, privateMounts } from './gateway-node.ts';

/** Bytes that still go in. */
const room = 600;
/** Milliseconds within which the copy is written again when the disk takes it: a gateway notes every 5 s that it is up to date. */
const patience = 12_000;

export function fillDisk(gateway: GatewayNode, variant: number): void {
  const journals = readdirSync(gateway.diskCopy).filter((name) => name.startsWith('journal-'));
  const sizes = journals.map((name) => statSync(join(gateway.diskCopy, name), { throwIfNoEntry: false })?.size ?? 0);
  limit(gateway, String(Math.max(0, ...sizes) + Math.floor(variant * room)));
}

export function protectDisk(gateway: GatewayNode): void {
  // What is open for writing stays so, whatever is mounted: the limit is for that.
  limit(gateway, '0');
  if (privateMounts.length === 0) return;
  const { diskCopy } = gateway;
  mount(gateway, 'mount', '--bind', diskCopy, diskCopy);
  mount(gateway, 'mount', '-o', 'remount,ro,bind', diskCopy);
}

/** Resolves when the gateway writes again. @throws Error if it does not */
export async function freeDisk(gateway: GatewayNode): Promise<void> {
  limit(gateway, 'unlimited');
  if (privateMounts.length > 0 && mounts(gateway).includes(gateway.diskCopy))
    mount(gateway, 'umount', gateway.diskCopy);
  const began = performance.now();
  for (;;) {
    const failure = (await gateway.status()).source?.diskFailure;
    if (failure === null) return;
    if (performance.now() - began > patience)
      throw new Error(`${gateway.name} does not write its disk copy although it can: ${failure}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function limit({ pid }: GatewayNode, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

function mount({ pid }: GatewayNode, ...command: readonly string[]): void {
  execFileSync('nsenter', ['--target', String(pid), '--mount', ...command]);
}

function mounts({ pid }: GatewayNode): string {
  return execFileSync('cat', [`/proc/${pid}/mounts`], { encoding: 'utf8' });
}
