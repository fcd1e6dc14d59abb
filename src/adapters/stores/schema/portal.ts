/** Tables of the developer portal: mapped keys, API keys, ratings, comments, profiles of users, what waits for approval. */
import type { KeyType } from '../../../core/application.ts';

/** What can wait for somebody's approval, as the admin API names it. */
export type WorkflowType =
  | 'APPLICATION_CREATION'
  | 'APPLICATION_REGISTRATION_PRODUCTION'
  | 'APPLICATION_REGISTRATION_SANDBOX'
  | 'SUBSCRIPTION_CREATION'
  | 'SUBSCRIPTION_UPDATE'
  | 'SUBSCRIPTION_DELETION'
  | 'APPLICATION_DELETION'
  | 'USER_SIGNUP'
  | 'API_STATE';

export interface PortalTables {
  workflows: {
    /** The external reference by which an administrator decides. */
    reference: string;
    tenant: string;
    type: WorkflowType;
    /** CREATED: nobody has decided yet. */
    status: 'CREATED' | 'APPROVED' | 'REJECTED';
    /** Id of the application, subscription or API; name of the user. At most one workflow of a type waits for it. */
    subject_id: string;
    /** `name@tenant`. */
    requester: string;
    /** JSON object of strings: what the administrator reads, and what is needed to do it. */
    properties: string;
    /** For people: what is asked for, or why it was decided so. */
    description: string;
    created_at: number;
    updated_at: number;
  };
  /** Consumer keys that another key manager issued, and whose they are here. */
  mapped_keys: {
    id: string;
    application_id: string;
    key_type: KeyType;
    /** Name of the key manager. */
    key_manager: string;
    /** `iss` of its tokens. */
    issuer: string;
    consumer_key: string;
    created_at: number;
  };
  api_keys: {
    jti: string;
    issuer: string;
    application_id: string;
    key_type: KeyType;
    /** `name@tenant`. */
    created_by: string;
    created_at: number;
    /** `never` = does not expire. */
    expires_at: number;
    state: 'ACTIVE' | 'REVOKED';
  };
  ratings: { id: string; api_id: string; user_name: string; rating: number; updated_at: number };
  comments: { id: string; api_id: string; author: string; content: string; created_at: number };
  user_profiles: { user_id: string; first_name: string; last_name: string; email: string };
}
