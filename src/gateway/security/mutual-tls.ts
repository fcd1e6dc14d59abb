/** Mutual TLS: whom a client's certificate makes it at an API, by the certificates that the API accepts. */
import { X509Certificate } from 'node:crypto';
import type { AcceptedCertificate, Api } from '../../core/api.ts';
import { type Fault, faults } from '../../core/faults.ts';
import type { ServerExchange } from '../../wire/wire.ts';
import { certificateRefusal } from './challenge.ts';
import type { PassedOnCertificate } from './passed-on-certificate.ts';
import type { Principal } from './principal.ts';
import type { PrincipalFactory } from './principal-factory.ts';

/** Whom the request's certificate makes its sender; or why it doesn't let him in. */
export type CheckCertificate = (wire: ServerExchange, now: number) => Principal | Fault;

export const noCertificate = certificateRefusal(
  faults.clientCertificateNeeded,
  'No client certificate was shown. Call the API over HTTPS, with a certificate that it accepts.',
);
const unreadable = certificateRefusal(
  faults.clientCertificateNeeded,
  'The client certificate that the proxy passed on can not be read.',
);
const unknown = certificateRefusal(faults.clientCertificateNeeded, 'The API does not accept this client certificate.');

interface Known {
  readonly principal: Principal;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

export class MutualTls {
  readonly #principals: PrincipalFactory;
  readonly #passedOn: PassedOnCertificate;
  readonly #checks = new WeakMap<Api, CheckCertificate>();

  constructor(principals: PrincipalFactory, passedOn: PassedOnCertificate) {
    this.#principals = principals;
    this.#passedOn = passedOn;
  }

  /** What has been found out about a certificate is kept as long as the API stays as it is, and so is no longer than it. */
  checkFor(api: Api): CheckCertificate {
    let check = this.#checks.get(api);
    if (!check) this.#checks.set(api, (check = this.#createCheck(api)));
    return check;
  }

  #createCheck(api: Api): CheckCertificate {
    const accepted = api.clientCertificates ?? [];
    const byFingerprint = new Map(accepted.map((one) => [one.fingerprint, one]));
    const authorities = accepted.flatMap((one) =>
      one.authority === undefined ? [] : [{ one, certificate: new X509Certificate(one.authority) }],
    );
    // By the object that a connection has, so that nothing is computed again for its next request.
    const known = new WeakMap<X509Certificate, Known | typeof unknown>();

    const recognize = (shown: X509Certificate): Known | typeof unknown => {
      const fingerprint = shown.fingerprint256.replaceAll(':', '').toLowerCase();
      const itself = byFingerprint.get(fingerprint);
      if (itself) return this.#known(api, itself, shown, null);
      const issuer = authorities.find(({ certificate }) => isIssued(shown, certificate));
      return issuer ? this.#known(api, issuer.one, shown, issuer.certificate) : unknown;
    };

    return (wire, now) => {
      const passedOn = this.#passedOn.of(wire, now);
      if (passedOn === 'unreadable') return unreadable;
      const shown = passedOn === undefined ? wire.clientCertificate : passedOn;
      if (shown === null) return noCertificate;
      let found = known.get(shown);
      if (!found) known.set(shown, (found = recognize(shown)));
      if ('kind' in found) return found;
      const { from, until, principal } = found;
      return from <= now && now < until ? principal : outdated(from, until, now);
    };
  }

  #known(api: Api, accepted: AcceptedCertificate, shown: X509Certificate, issuer: X509Certificate | null): Known {
    const all = issuer ? [shown, issuer] : [shown];
    const until = Math.min(...all.map(({ validToDate }) => validToDate.getTime()));
    return {
      from: Math.max(...all.map(({ validFromDate }) => validFromDate.getTime())),
      until,
      principal: this.#principals.createClient({ api, accepted, subject: subjectOf(shown), expires: until / 1000 }),
    };
  }
}

const forClients = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'];

/** Directly, and for such use. What clients send of the chain in between is not looked at: sessions don't keep it. */
function isIssued(shown: X509Certificate, authority: X509Certificate): boolean {
  const isForClients = shown.keyUsage === undefined || shown.keyUsage.some((use) => forClients.includes(use));
  return (
    authority.ca &&
    isForClients &&
    !/sha-?1|md5/i.test(shown.signatureAlgorithm ?? 'md5') &&
    shown.checkIssued(authority) &&
    shown.verify(authority.publicKey)
  );
}

/** `CN=shop, O=Example`: no user has such a name. */
function subjectOf({ subject }: X509Certificate): string {
  return (subject ?? '').split('\n').reverse().join(', ');
}

function outdated(from: number, until: number, now: number): Fault {
  const words =
    now < from
      ? `The client certificate is valid only from ${new Date(from).toISOString()}.`
      : `The client certificate, or its authority's, was valid until ${new Date(until).toISOString()}.`;
  return certificateRefusal(faults.clientCertificateNeeded, words);
}
