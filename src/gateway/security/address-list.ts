import { BlockList, isIP } from 'node:net';

/** IP addresses and blocks of them (`10.0.0.0/8`). undefined = one of the items is neither. */
export function addressList(items: readonly string[]): BlockList | undefined {
  const list = new BlockList();
  try {
    for (const item of items) {
      const [address = '', prefix] = item.split('/');
      const family = familyOf(address);
      if (prefix === undefined) list.addAddress(address, family);
      else list.addSubnet(address, /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1, family);
    }
    return list;
  } catch {
    return undefined;
  }
}

export function isListed(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
