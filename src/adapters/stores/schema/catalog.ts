/** Tables of what belongs to APIs besides themselves: documents, pictures, history, certificates, shared scopes. */
import type { Generated } from 'kysely';
import type { LifeCycleStatus } from '../../../core/api.ts';

export interface CatalogTables {
  /** What APIs are found by besides their own columns and tags. */
  api_facets: {
    api_id: string;
    /** `path` of an operation, `label`, `category`, `policy:<level>`, `endpoint` (host and port), or `property:<name>` of an additional one. */
    kind: string;
    value: string;
  };
  api_thumbnails: {
    api_id: string;
    media_type: string;
    /** Base64. */
    content: string;
    updated_at: number;
  };
  /** Changes of state, oldest first. */
  api_history: {
    number: Generated<number>;
    api_id: string;
    /** null: it was created. */
    previous: LifeCycleStatus | null;
    status: LifeCycleStatus;
    /** `name@tenant`. */
    actor: string;
    at_ms: number;
  };
  documents: {
    id: string;
    api_id: string;
    name: string;
    type: string;
    summary: string;
    source_type: 'INLINE' | 'MARKDOWN' | 'URL' | 'FILE';
    source_url: string;
    other_type_name: string;
    visibility: 'OWNER_ONLY' | 'PRIVATE' | 'API_LEVEL';
    /** Name and content type of the file, empty without one. */
    file_name: string;
    media_type: string;
    /** Text, or base64 of a file; null = none yet. */
    content: string | null;
    /** `name@tenant`. */
    created_by: string;
    created_at: number;
    updated_by: string;
    updated_at: number;
  };
  /** Which client certificates an API takes (mutual TLS). */
  client_certificates: {
    tenant: string;
    alias: string;
    api_id: string;
    /** Subscription-level policy. */
    tier: string;
    pem: string;
    created_at: number;
  };
  /** Which certificates back ends may show besides those of known authorities. */
  endpoint_certificates: {
    tenant: string;
    alias: string;
    /** URL of the back end, as it was given. */
    endpoint: string;
    /** Host and port of it: what it is looked up by. */
    authority: string;
    pem: string;
    created_at: number;
  };
  /** Scopes that several APIs use. */
  shared_scopes: {
    id: string;
    tenant: string;
    name: string;
    display_name: string;
    description: string;
    /** JSON array; empty = everybody. */
    roles: string;
    created_at: number;
    updated_at: number;
  };
}
