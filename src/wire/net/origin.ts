/** Whom an upstream connects to: address, name and certificates. */
import { isIP } from 'node:net';
import {
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { ClientCertificate, UpstreamOptions } from '../wire.ts';

export class Origin {
  readonly options: UpstreamOptions;
  /** What `host` says. */
  readonly authority: string;
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  #context: SecureContext | undefined;

  constructor(options: UpstreamOptions) {
    const url = new URL(options.origin);
    this.options = options;
    this.authority = url.host;
    this.isTls = url.protocol === 'https:';
    this.host = url.hostname.replace(/^\[|\]$/g, '');
    this.port = Number(url.port) || (this.isTls ? 443 : 80);
    if (this.isTls) this.#context = contextOf(options);
  }

  present(clientCertificate: ClientCertificate): void {
    if (this.isTls) this.#context = contextOf({ ...this.options, clientCertificate });
  }

  /** @param protocols what is offered by ALPN; none = nothing */
  connectTls(protocols?: string[]): TLSSocket {
    const { host, port } = this;
    const socket = connectTls({
      host,
      port,
      secureContext: this.#context,
      servername: isIP(host) === 0 ? host : '',
      ...(protocols && { ALPNProtocols: protocols }),
    });
    return socket.setNoDelay(true);
  }
}

/** Made once: parsing the system's certificates for each connection would cost milliseconds. */
function contextOf({ ca, clientCertificate }: UpstreamOptions): SecureContext {
  return createSecureContext({
    ...(ca ? { ca: [...getCACertificates('default'), ...ca] } : {}),
    ...clientCertificate,
  });
}
