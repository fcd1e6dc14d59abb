/** Whoever sends a token that is bound to keys has them (RFC 9449 section 7, RFC 8705 section 3). */
import type { X509Certificate } from 'node:crypto';
import { type Fault, faults } from '../../core/faults.ts';
import type { ServerExchange } from '../../wire/wire.ts';
import type { Binding } from './binding.ts';
import { bearerRefusal, dpopRefusal } from './challenge.ts';
import type { DpopProofs } from './dpop-proof.ts';
import type { PassedOnCertificate } from './passed-on-certificate.ts';

const notBound = dpopRefusal(faults.invalidCredentials, 'invalid_token', 'The access token is not bound to a key.');
const asBearer = dpopRefusal(
  faults.invalidCredentials,
  'invalid_token',
  'The access token is bound to a key: send it as `DPoP <token>`, with a proof.',
);
const otherwise = bearerRefusal(
  faults.invalidCredentials,
  'The access token is bound in a way that is not known here.',
);
const noCertificate = bearerRefusal(
  faults.invalidCredentials,
  'The access token is bound to a client certificate, which was not shown.',
);

export class Possession {
  readonly #proofs: DpopProofs;
  readonly #passedOn: PassedOnCertificate;
  readonly #thumbprints = new WeakMap<X509Certificate, string>();

  constructor(proofs: DpopProofs, passedOn: PassedOnCertificate) {
    this.#proofs = proofs;
    this.#passedOn = passedOn;
  }

  /**
   * Asked of tokens that are bound, and of those that are sent as if they were. undefined = he has the keys.
   * @param token that was sent with the scheme DPoP; null = it was sent as Bearer
   * @param now milliseconds since the epoch
   */
  check(
    wire: ServerExchange,
    binding: Binding | null,
    token: string | null,
    now: number,
  ): Fault | undefined | Promise<Fault | undefined> {
    if (binding === null) return notBound;
    const { jkt, certificate } = binding;
    if (certificate !== null && certificate !== this.#shown(wire, now)) return noCertificate;
    if (jkt !== null) return token === null ? asBearer : this.#proofs.check(wire, { token, jkt, now });
    if (token !== null) return notBound;
    return certificate === null ? otherwise : undefined;
  }

  /** base64url SHA-256 of the client's certificate. */
  #shown(wire: ServerExchange, now: number): string | null {
    const passedOn = this.#passedOn.of(wire, now);
    const shown = passedOn === undefined ? wire.clientCertificate : passedOn;
    if (shown === null || shown === 'unreadable') return null;
    let thumbprint = this.#thumbprints.get(shown);
    if (thumbprint === undefined) {
      thumbprint = Buffer.from(shown.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
      this.#thumbprints.set(shown, thumbprint);
    }
    return thumbprint;
  }
}
