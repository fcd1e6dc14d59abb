/** A Response that is being checked (SAML core section 3.3.3), in answer to a request of ours. */
import type { XmlElement } from '@xmldom/xmldom';
import type { IdentityProvider } from '../../../core/identity-provider.ts';

export interface Expected {
  readonly provider: IdentityProvider;
  /** ID of the request that this browser took to the provider. */
  readonly requestId: string;
  /** Our assertion consumer service. */
  readonly consumer: string;
  /** How the provider calls us. */
  readonly entityId: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Milliseconds that the provider's clock may be off. */
  readonly skewMs: number;
}

export interface ReceivedResponse {
  readonly text: string;
  /** The root of it; its attributes are believed for no more than the request that they name. */
  readonly root: XmlElement;
}
