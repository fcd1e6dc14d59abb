/** IP addresses in a form in which they can be compared. */

/**
 * Thirty-two hexadecimal digits, in the order of addresses; IPv4 is taken as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2),
 * so both spellings of an address are one. Null if the text is no address (a zone is none).
 */
export function comparableAddress(text: string): string | null {
  if (!text.includes(':')) {
    const four = fourBytes(text);
    return four === null ? null : mapped + four;
  }
  const dotted = text.lastIndexOf(':') + 1;
  const four = text.includes('.') ? fourBytes(text.slice(dotted)) : undefined;
  if (four === null) return null;
  return eightGroups(four === undefined ? text : `${text.slice(0, dotted)}${four.slice(0, 4)}:${four.slice(4)}`);
}

const mapped = '00000000000000000000ffff';

/** Eight digits. No leading zeros: some read them as octal. */
function fourBytes(text: string): string | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = match?.slice(1) ?? [];
  if (bytes.length !== 4 || bytes.some((byte) => Number(byte) > 255 || (byte.length > 1 && byte[0] === '0')))
    return null;
  return bytes.map((byte) => Number(byte).toString(16).padStart(2, '0')).join('');
}

function eightGroups(text: string): string | null {
  const [before = '', after, ...more] = text.split('::');
  if (more.length > 0) return null;
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const left = 8 - head.length - tail.length;
  // `::` stands for one group at least.
  if (after === undefined ? left !== 0 : left < 1) return null;
  const groups = [...head, ...Array.from({ length: left }, () => '0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.map((group) => group.padStart(4, '0').toLowerCase()).join('');
}

/** The text is no IP address, or two of them are no range. */
export class AddressError extends Error {
  override name = 'AddressError';
}

/**
 * Whether an address (in its comparable form) lies in a block: `10.0.0.0/8`, `2001:db8::/32`.
 * @throws AddressError
 */
export function addressBlock(text: string): (address: string) => boolean {
  const [address = '', bits = '', more] = text.split('/');
  const comparable = comparableAddress(address);
  const isFour = comparable?.startsWith(mapped) === true && !address.includes(':');
  const most = isFour ? 32 : 128;
  if (comparable === null || more !== undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
    throw new AddressError(`${JSON.stringify(text)} is no block of IP addresses`);
  const free = BigInt(most - Number(bits));
  const first = (BigInt(`0x${comparable}`) >> free) << free;
  const last = first | ((1n << free) - 1n);
  const [from, to] = [first, last].map((value) => value.toString(16).padStart(32, '0')) as [string, string];
  return (other) => from <= other && other <= to;
}

/**
 * Whether an address (in its comparable form) lies in a range, its ends included.
 * @throws AddressError
 */
export function addressRange(first: string, last: string): (address: string) => boolean {
  const [from, to] = [first, last].map((text) => {
    const comparable = comparableAddress(text);
    if (comparable === null) throw new AddressError(`${JSON.stringify(text)} is no IP address`);
    return comparable;
  }) as [string, string];
  if (from > to) throw new AddressError(`the range begins at ${first}, which is after its end ${last}`);
  if (from.startsWith(mapped) !== to.startsWith(mapped)) {
    throw new AddressError(`a range has addresses of one kind, IPv4 or IPv6: ${first}, ${last}`);
  }
  return (address) => from <= address && address <= to;
}
