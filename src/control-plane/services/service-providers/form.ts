/** A service provider as the admin API shows and takes it. */
import type { ServiceProvider } from '../../../core/service-provider.ts';

/** What is left out when one is made has its default; when one is changed, it is as in a new one. */
export interface ServiceProviderForm extends Partial<Omit<ServiceProvider, 'id' | 'tenant'>> {
  readonly id?: string;
  /**
   * SAML metadata, XML: says what isn't said otherwise of `entityId`, `consumerUrls`, `certificates` and
   * `requireSignedRequests`.
   */
  readonly metadata?: string;
}

export const write = ({ tenant: _tenant, ...shown }: ServiceProvider): ServiceProviderForm => shown;
