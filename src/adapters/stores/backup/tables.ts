/** Which tables a store has, and in which order they are filled. */
import type { Schema } from '../schema.ts';

/** Every table; what is referred to comes before what refers to it. One that is forgotten here doesn't compile. */
const all: Readonly<Record<keyof Schema, true>> = {
  meta: true,
  head: true,
  changes: true,
  entities: true,
  users: true,
  user_roles: true,
  user_profiles: true,
  applications: true,
  clients: true,
  mapped_keys: true,
  api_keys: true,
  apis: true,
  api_tags: true,
  api_roles: true,
  api_scopes: true,
  api_facets: true,
  api_thumbnails: true,
  api_history: true,
  documents: true,
  ratings: true,
  comments: true,
  client_certificates: true,
  endpoint_certificates: true,
  shared_scopes: true,
  subscriptions: true,
  access_tokens: true,
  access_token_families: true,
  refresh_tokens: true,
  signing_keys: true,
  sessions: true,
  session_families: true,
  authorization_codes: true,
  consents: true,
  identity_providers: true,
  federated_users: true,
  used_assertions: true,
  logout_notices: true,
  password_links: true,
  workflows: true,
  audit_log: true,
  deny_rules: true,
  labels: true,
  categories: true,
  key_managers: true,
  gateway_invitations: true,
  gateway_certificates: true,
};

export const tables = Object.keys(all) as (keyof Schema)[];

/** What the migrations keep of themselves. */
export const migrationTables = ['kysely_migration', 'kysely_migration_lock'] as const;
