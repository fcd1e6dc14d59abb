/**
 * What the HTTPS listeners of all threads shake hands by: the certificate, the keys of session tickets, and whether clients
 * are asked for a certificate of theirs, which they are while an API accepts any.
 */
import { randomBytes } from 'node:crypto';
import type { Api } from '../../core/api.ts';
import type { CertificateAndKey } from '../../platform/certificates.ts';
import type { ServerTls } from '../../wire/wire.ts';
import type { ThreadChange } from '../data-plane/messages.ts';

/** Milliseconds for which the sessions of clients are resumed by one key: who got hold of it could read them all. */
const ticketKeyLife = 12 * 3_600_000;

export class Handshakes {
  readonly #publish: (tls: ServerTls) => void;
  readonly #rotating: NodeJS.Timeout;
  /** Ids of the APIs that accept client certificates. */
  readonly #accepting = new Set<string>();
  #certificate: CertificateAndKey;
  #tls: ServerTls;

  readonly #asksAlways: boolean;

  /**
   * @param asksAlways whether clients are asked for a certificate whatever APIs accept
   * @param publish tells the threads of every change
   */
  constructor(certificate: CertificateAndKey, asksAlways: boolean, publish: (tls: ServerTls) => void) {
    this.#asksAlways = asksAlways;
    this.#certificate = certificate;
    this.#publish = publish;
    this.#tls = this.#create();
    this.#rotating = setInterval(() => this.#renew(), ticketKeyLife).unref();
  }

  get tls(): ServerTls {
    return this.#tls;
  }

  /** Changes on their way to the threads. */
  watch(changes: readonly ThreadChange[]): void {
    for (const { kind, id, value } of changes) {
      if (kind !== 'api') continue;
      if (value && acceptsCertificates(value)) this.#accepting.add(id);
      else this.#accepting.delete(id);
    }
    if (this.#asks !== this.#tls.asksForCertificate) this.#renew();
  }

  /** Shows this one to clients from now on. */
  use(certificate: CertificateAndKey): void {
    this.#certificate = certificate;
    this.#renew();
  }

  stop(): void {
    clearInterval(this.#rotating);
  }

  get #asks(): boolean {
    return this.#asksAlways || this.#accepting.size > 0;
  }

  #renew(): void {
    this.#tls = this.#create();
    this.#publish(this.#tls);
  }

  /** With new ticket keys: a session has what was asked for and shown when it began. All threads have the same. */
  #create(): ServerTls {
    return { ...this.#certificate, ticketKeys: randomBytes(48), asksForCertificate: this.#asks };
  }
}

function acceptsCertificates({ security, resources, clientCertificates = [] }: Api): boolean {
  const owners = [{ security }, ...resources];
  return clientCertificates.length > 0 && owners.some((owner) => owner.security?.mutualTls !== undefined);
}
