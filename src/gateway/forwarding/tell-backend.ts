/** The fields by which a back end is told who asked, for which host and by which scheme, and through whom. */
import type { Field } from '../../wire/wire.ts';
import type { Exchange } from '../exchange.ts';
import type { GatewayOptions } from '../options.ts';
import { readForwarded, writeForwarded } from './forwarded.ts';
import { addressOf, type TrustedProxies } from './trusted-proxies.ts';

/** Settles what is said (`x.added`), and which of the client's own words about it go on (`keepsReserved`, `removed`). */
export type TellBackend = (x: Exchange) => void;

type Forwarded = GatewayOptions['gateway']['forwarded'];

/** What the gateway alone says to back ends about a caller. */
const never: readonly string[] = ['x-jwt-assertion'];
const three: readonly string[] = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'];

/** For `ServerOptions.reserved`: what the configuration says, and what would contradict the gateway. */
export function reservedFields({ reserved }: Forwarded): readonly string[] {
  return [...new Set([...reserved, ...never, 'forwarded', ...three])];
}

/** @param proxies null = none is trusted */
export function tellBackend({ fields, via }: Forwarded, proxies: TrustedProxies | null): TellBackend {
  const saysX = fields === 'x-forwarded' || fields === 'both';
  const saysForwarded = fields === 'forwarded' || fields === 'both';
  const unsaid = [...never, ...(saysX ? [] : three), ...(saysForwarded ? [] : ['forwarded'])];
  const addition = via === '' ? null : via;
  if (proxies === null && fields === 'x-forwarded' && addition === null) return (x) => void (x.added = own(x));
  return (x) => {
    const { wire } = x;
    const said: Field[] = [];
    const believed = proxies?.trusts(wire.remoteAddress) ? proxies : null;
    if (saysX) said.push(...(believed ? extended(x) : own(x)));
    if (saysForwarded) said.push(['forwarded', believed ? chained(x, believed, fields) : link(x)]);
    if (addition !== null) said.push(['via', appended(wire.header('via'), `${wire.version} ${addition}`)]);
    x.added = said;
    x.keepsReserved = believed !== null;
    if (believed) x.removed = [...x.removed, ...unsaid];
  };
}

/** The key manager is told who asked as far as the gateway believes it, whatever back ends are told. */
export const tellKeyManager: TellBackend = (x) => {
  x.added = own(x, x.clientAddress);
};

/** Mostly the same for all requests of a connection. */
class Own {
  readonly address: string;
  readonly host: string;
  readonly fields: readonly Field[];

  constructor(address: string, host: string, scheme: string) {
    this.address = address;
    this.host = host;
    this.fields = [
      ['x-forwarded-for', address],
      ['x-forwarded-proto', scheme],
      ['x-forwarded-host', host],
    ];
  }
}

function own({ wire }: Exchange, address = wire.remoteAddress): readonly Field[] {
  const { kept, host } = wire;
  if (kept instanceof Own && kept.host === host && kept.address === address) return kept.fields;
  const said = new Own(address, host, schemeOf(wire));
  wire.kept = said;
  return said.fields;
}

/** Scheme and host are those that the client used, which the proxies before us have seen. */
function extended({ wire }: Exchange): readonly Field[] {
  return [
    ['x-forwarded-for', appended(wire.header('x-forwarded-for'), wire.remoteAddress)],
    ['x-forwarded-proto', wire.header('x-forwarded-proto') ?? schemeOf(wire)],
    ['x-forwarded-host', wire.header('x-forwarded-host') ?? wire.host],
  ];
}

const link = ({ wire }: Exchange): string => writeForwarded(wire.remoteAddress, wire.host, schemeOf(wire));

/** What was said before us, in the field in which the proxies are believed, and our own. */
function chained(x: Exchange, proxies: TrustedProxies, fields: Forwarded['fields']): string {
  const { wire } = x;
  if (fields === 'forwarded') {
    const before = wire.header('forwarded');
    // What can't be read would make the whole of it unreadable.
    return before && readForwarded(before) ? `${before}, ${link(x)}` : link(x);
  }
  const links = proxies.chainOf(wire).map((hop) => writeForwarded(addressOf(hop ?? '') ?? 'unknown'));
  return [...links, link(x)].join(', ');
}

const schemeOf = ({ secure }: Exchange['wire']): string => (secure ? 'https' : 'http');

const appended = (before: string | undefined, more: string): string => (before ? `${before}, ${more}` : more);
