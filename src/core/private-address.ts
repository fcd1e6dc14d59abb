/** Which IP addresses are reached from inside only: the machine itself, its network, the services of a cloud beside it. */
import { addressRange, comparableAddress } from './ip-address.ts';

/** By the registries of special-purpose addresses (RFC 6890): what is not globally reachable, and multicast. */
const ranges = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  // Carrier-grade NAT (RFC 6598).
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  // Link-local, with the metadata services of clouds.
  ['169.254.0.0', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  // Multicast, reserved and broadcast.
  ['224.0.0.0', '255.255.255.255'],
] as const;

const isPrivateFour = ranges.map(([first, last]) => addressRange(first, last));
/** IPv6 that is in use in the world: the others are loopback, link-local, unique-local, multicast, or nobody's. */
const isGlobalSix = addressRange('2000::', '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
/** Global by their range, but not by what they are for: protocol assignments with Teredo, documentation. */
const isSpecialSix = [
  addressRange('2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'),
  addressRange('2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'),
  addressRange('3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'),
];
const mapped = '00000000000000000000ffff';

/** True also for what is no address. IPv4 counts as itself inside of IPv6: mapped, of 6to4 and of NAT64. */
export function isPrivateAddress(text: string): boolean {
  // Of a link-local address: the interface.
  const address = comparableAddress(text.split('%', 1)[0] as string);
  if (address === null) return true;
  const four = embeddedFour(address);
  if (four !== null) return isPrivateFour.some((isInside) => isInside(mapped + four));
  return !isGlobalSix(address) || isSpecialSix.some((isInside) => isInside(address));
}

function embeddedFour(address: string): string | null {
  if (address.startsWith(mapped) || address.startsWith('0064ff9b0000000000000000')) return address.slice(24);
  return address.startsWith('2002') ? address.slice(4, 12) : null;
}
