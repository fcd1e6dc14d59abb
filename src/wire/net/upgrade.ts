/** Who asks to switch to another protocol, and who agrees (RFC 9110 7.8). */
import type { Head } from './head.ts';

/** The protocol that a request asks for, if it is one of `allowed`; null = none, or no such request may. */
export function askedUpgrade(head: Head, allowed: readonly string[]): string | null {
  if (head.minor === 0 || head.codings > 0 || head.contentLength > 0) return null;
  const protocol = namedUpgrade(head);
  return protocol !== null && allowed.includes(protocol) ? protocol : null;
}

/** Does this 101 agree to what was asked for, and to nothing else? */
export function agreesTo(head: Head, protocol: string): boolean {
  return head.minor === 1 && namedUpgrade(head) === protocol;
}

/** The one protocol of a head whose `Connection` says that it is meant. */
function namedUpgrade(head: Head): string | null {
  if (head.upgradeLines !== 1 || head.connectionLines === 0) return null;
  const options = (head.header('connection') as string).toLowerCase().split(',');
  if (!options.some((option) => option.trim() === 'upgrade')) return null;
  return (head.header('upgrade') as string).toLowerCase();
}
