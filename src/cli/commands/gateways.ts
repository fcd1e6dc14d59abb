/** `postern gateways`: who may follow a control plane. */

import { printable } from '../printable.ts';
import { withConnection } from '../remote/connection.ts';
import { inOptions } from '../remote/option-names.ts';
import { type OutputFormat, print } from '../remote/output.ts';
import { note } from '../remote/progress.ts';

export interface GatewaysOptions {
  readonly environment: string;
  readonly insecure?: boolean;
}

export interface InviteOptions extends GatewaysOptions {
  /** What the gateway will be called; absent = as it says. */
  readonly name?: string;
  /** Seconds that the code is good. */
  readonly valid: number;
}

interface Invitation {
  readonly code: string;
  readonly name?: string;
  readonly expires: string;
}
interface Certificate {
  readonly name: string;
  readonly fingerprint: string;
  readonly state: string;
}
interface Connected extends Omit<Certificate, 'state'> {
  readonly address: string;
}
interface List<T> {
  readonly list: readonly T[];
}
interface Certificates extends List<Certificate> {
  /** Names of gateways, and fingerprints. A control plane of an earlier version doesn't say them. */
  readonly expulsions?: readonly { readonly gateway: string }[];
}

export function inviteGateway({ name, valid, ...options }: InviteOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const body = { validity: valid, ...(name !== undefined && { name }) };
    const made = connection.post<Invitation>('admin', '/gateways/invitations', body);
    const { code, expires } = await inOptions({ name: '--name', validity: '--valid' }, made);
    process.stdout.write(`${printable(code)}\n`);
    note(`good once, until ${expires}; on the gateway's machine:`);
    note(`postern enrol --server-url ${connection.environment.url} ${code}`);
  });
}

const columns = [
  ['NAME', 'name'],
  ['STATE', 'state'],
  ['ISSUED', 'issued'],
  ['EXPIRES', 'expires'],
  ['CONNECTED', 'connected'],
  ['FINGERPRINT', 'fingerprint'],
] as const;

/**
 * The certificates that were issued, those of gateways that are connected to this node without one that is known there
 * (LOCAL), and who else was expelled.
 */
export function listGateways({ output, ...options }: GatewaysOptions & { output: OutputFormat }): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const answer = await connection.get<Certificates>('admin', '/gateways/certificates');
    const { list: issued, expulsions = [] } = answer;
    const { list: here } = await connection.get<List<Connected>>('admin', '/gateways');
    const at = new Map(here.map(({ fingerprint, address }) => [fingerprint, address]));
    const known = new Set(issued.map(({ fingerprint }) => fingerprint));
    const others = here
      .filter(({ fingerprint }) => !known.has(fingerprint))
      .map(({ name, fingerprint }) => ({ name, fingerprint, state: 'LOCAL' }));
    const gone = expulsions
      .filter(({ gateway }) => !issued.some(({ name, fingerprint }) => name === gateway || fingerprint === gateway))
      .map(({ gateway }) => ({ [gateway.includes(':') ? 'fingerprint' : 'name']: gateway, state: 'EXPELLED' }));
    const present = [...issued, ...others].map((one) => ({ ...one, connected: at.get(one.fingerprint) }));
    print([...present, ...gone], columns, output);
  });
}

export function expelGateway(gateway: string, options: GatewaysOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    await connection.post('admin', '/gateways/expulsions', { gateway });
    note(`${gateway} is expelled: its certificates are refused, and its connections are cut`);
  });
}
