/** Where API keys may be used from: claims that hold for each request, not only for the first. */
import { type Fault, fault, faults } from '../../core/faults.ts';
import type { ServerExchange } from '../../wire/wire.ts';
import { addressList, isListed } from './address-list.ts';
import type { Claims } from './claims.ts';

/** Refuses a request that comes from where the key must not be used. */
export type Restriction = (address: string, wire: Pick<ServerExchange, 'header'>) => Fault | undefined;

const wrongAddress = fault(faults.notSubscribed, 'The API key may not be used from this address.');
const wrongReferer = fault(faults.notSubscribed, 'The API key may not be used from this page (Referer).');
const unreadable = fault(faults.notSubscribed, 'The API key has restrictions that this gateway can not read.');

/** By `permittedIP` and `permittedReferer`; null = there is none. What can't be read permits nothing. */
export function restrictionOf({ permittedIP, permittedReferer }: Claims): Restriction | null {
  if (isAbsent(permittedIP) && isAbsent(permittedReferer)) return null;
  const addresses = isAbsent(permittedIP) ? null : addressList(items(permittedIP) ?? ['']);
  const referers = isAbsent(permittedReferer) ? null : items(permittedReferer)?.map(readPattern);
  if (addresses === undefined || referers === undefined) return () => unreadable;
  return (address, wire) => {
    if (addresses !== null && !isListed(addresses, address)) return wrongAddress;
    if (referers === null) return undefined;
    const referer = wire.header('referer');
    return referer !== undefined && referers.some((one) => one.test(referer)) ? undefined : wrongReferer;
  };
}

function isAbsent(claim: unknown): claim is undefined | null | '' {
  return claim === undefined || claim === null || claim === '';
}

function items(claim: unknown): string[] | undefined {
  if (typeof claim !== 'string') return undefined;
  return claim
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** `*` stands for anything. */
function readPattern(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
