/** The table of service providers, which are told who has logged in here. */

export interface ServiceProviderTables {
  service_providers: {
    id: string;
    tenant: string;
    name: string;
    /** `Issuer` of its requests. */
    entity_id: string;
    enabled: 0 | 1;
    /** JSON of a `ServiceProvider` without what the other columns say. */
    body: string;
  };
}
